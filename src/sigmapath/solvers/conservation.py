"""Conserved moieties as the steady-state search takes them.

Enters: rows of coefficients, found by whoever knows the reactions. Leaves: a checked table.
Called by the layer that compiles models.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError
from sigmapath.record import record

__all__ = ["Conservation", "no_conservation"]


@record
class Conservation:
    """Sums of states that no reaction changes: ``matrix @ y`` is constant along trajectories.

    Parameters
    ----------
    matrix : ndarray, shape (n_moiety, n_state)
        One row per moiety, in terms of the states (volumes multiplied in where states are
        concentrations). Rows may be dependent; the search sorts that out.

    Raises
    ------
    PlanError
        If the matrix is not two-dimensional or holds values that are not finite.
    """

    matrix: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.matrix.ndim != 2 or not np.all(np.isfinite(self.matrix)):
            raise PlanError(
                "the table of conserved moieties is not a finite matrix",
                found=f"shape {self.matrix.shape}",
                expected="shape (n_moiety, n_state)",
            )

    def defect(self, jacobian: NDArray[np.float64]) -> float:
        """Return how badly the table fits a model: max |row J| over max |row| |J|, worst row.

        Rounding leaves about 1e-15; a table that belongs to other volumes leaves much more.
        """
        if not self.matrix.size:
            return 0.0
        net = np.abs(self.matrix @ jacobian).max(axis=1)
        gross = (np.abs(self.matrix) @ np.abs(jacobian)).max(axis=1)
        return float(np.max(net / np.where(gross > 0.0, gross, 1.0)))


def no_conservation(n_state: int) -> Conservation:
    """Return the empty table: nothing is conserved."""
    return Conservation(matrix=np.zeros((0, n_state)))
