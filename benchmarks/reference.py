"""A reference that two independent integrators agree on.

Rodas5P (Rosenbrock) of sigmapath against a multistep code, both at rtol 1e-11: they share no line
of integrator. How well they agree is reported; no error below ten times that is believed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.cases import Case
from benchmarks.peers.base import FloatArray, Peer, Unsupported
from benchmarks.statistics import scaled_rms_error

__all__ = ["Reference", "reference_of", "second_methods"]

_RTOL = 1e-11
# Two solutions further apart than this are no reference.
_MUST_AGREE = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Values, shape (n_time, n_species), and how far the second method is from them."""

    values: FloatArray
    agreement: float
    second: str

    @property
    def is_usable(self) -> bool:
        """Whether the two methods agree."""
        return bool(np.isfinite(self.agreement)) and self.agreement < _MUST_AGREE

    @property
    def least_error(self) -> float:
        """Smallest error that the reference can tell."""
        return 10.0 * self.agreement


def reference_of(case: Case, others: list[Peer]) -> Reference:
    """Solve with Rodas5P and with the others; the one that agrees best counts as the second."""
    from benchmarks.peers.ours import Sigmapath

    values = Sigmapath(method="rodas5p").prepare(case).solve(_RTOL)()
    agreement, second = np.inf, "no second method"
    for peer in others:
        try:
            prepared = peer.prepare(case)
            found = prepared.solve(_RTOL)()
        except Unsupported:
            continue
        found = prepared.observe(found) if hasattr(prepared, "observe") else found
        distance = scaled_rms_error(found, values)
        if distance < agreement:
            agreement, second = distance, peer.name
        if agreement < 1e-9:
            break
    return Reference(values=values, agreement=agreement, second=second)


def second_methods(peers: list[Peer]) -> list[Peer]:
    """Bare integrators first: theirs is the same right-hand side, so only integrators differ."""
    order = {"scikit-sundae CVODE": 0, "SciPy LSODA": 1}
    return sorted(peers, key=lambda peer: order.get(peer.name, 2))
