"""Every peer that has an adapter, and those that have none yet, by name."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from benchmarks.peers.base import Peer
from benchmarks.peers.copasi import Copasi
from benchmarks.peers.integrators import ScikitSundae, ScipyBdf, ScipyLsoda
from benchmarks.peers.libroadrunner import LibRoadRunner

__all__ = ["installed_peers", "peer_names"]

# Key on the command line -> adapter.
_PEERS: dict[str, type] = {
    "roadrunner": LibRoadRunner,
    "copasi": Copasi,
    "lsoda": ScipyLsoda,
    "bdf": ScipyBdf,
    "cvode": ScikitSundae,
}
# Programs that are named in the line on what was left out: key -> (name, module).
_WITHOUT_ADAPTER = {"amici": ("AMICI", "amici"), "diffrax": ("diffrax", "diffrax")}


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
            absent.append(f"{peer.name}: not installed")
        else:
            found.append(peer)
    if keys is None:
        for name, module in _WITHOUT_ADAPTER.values():
            there = find_spec(module) is not None
            absent.append(f"{name}: {'installed, but no adapter' if there else 'not installed'}")
    return found, absent
