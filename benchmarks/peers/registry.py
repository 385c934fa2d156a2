"""Every peer, by the name that it has on the command line."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.peers.amici import Amici
from benchmarks.peers.amici_documented import AmiciDocumented
from benchmarks.peers.base import Peer
from benchmarks.peers.copasi import Copasi
from benchmarks.peers.diffrax import Diffrax
from benchmarks.peers.integrators import ScikitSundae, ScipyBdf, ScipyLsoda
from benchmarks.peers.libroadrunner import LibRoadRunner

__all__ = ["installed_peers", "peer_names"]

# Key on the command line -> adapter; each imports its program when it is asked for its version.
_PEERS: dict[str, type] = {
    "roadrunner": LibRoadRunner,
    "copasi": Copasi,
    "amici": Amici,
    "amici-documented": AmiciDocumented,
    "lsoda": ScipyLsoda,
    "bdf": ScipyBdf,
    "cvode": ScikitSundae,
    "diffrax": Diffrax,
}


def peer_names() -> list[str]:
    """Keys that may be asked for."""
    return list(_PEERS)


def installed_peers(keys: Iterable[str] | None = None) -> tuple[list[Peer], list[str]]:
    """Return the peers that can be measured, and a line on each that cannot.

    Parameters
    ----------
    keys : iterable of str, optional
        All if left out.
    """
    chosen = list(_PEERS) if keys is None else list(keys)
    found: list[Peer] = []
    absent: list[str] = []
    for key in chosen:
        if key not in _PEERS:
            raise SystemExit(f"unknown peer {key}; known are {', '.join(_PEERS)}")
        peer = _PEERS[key]()
        try:
            peer.version()
        except ImportError:
            absent.append(f"{peer.name}: not installed ({peer.how_to_install})")
        else:
            found.append(peer)
    return found, absent
