"""Conserved moieties as numbers, for the steady-state search.

Enters: a lowered model and its start values. Leaves: a :class:`Conservation`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sigmapath.expr.evaluate import evaluate
from sigmapath.expr.nodes import free_symbols
from sigmapath.lower.system import OdeSystem
from sigmapath.solvers.conservation import Conservation

__all__ = ["conservation_of"]


def conservation_of(
    system: OdeSystem, start: NDArray[np.float64] | None = None, moved: frozenset[str] = frozenset()
) -> Conservation:
    """Conserved sums of the model as rows over its states.

    Parameters
    ----------
    system : OdeSystem
    start : ndarray, shape (n_start,), optional
        Start values; those of the model if left out.
    moved : frozenset of str
        Ids that differ between the runs of a plan. A moiety whose weights (volumes) are among
        them has no single row and is left out; the search then rests on integration.

    Returns
    -------
    Conservation
        Rows of weights; moieties whose volumes are not known numbers are left out too.
    """
    ids = [q.id for q in system.parameters]
    given = [q.value for q in system.parameters] if start is None else start[: len(ids)].tolist()
    values = dict(zip(ids, given, strict=True))
    rows = []
    for moiety in system.moieties:
        if free_symbols(*moiety.weights) & moved:
            continue
        row = np.zeros(len(system.states))
        row[list(moiety.states)] = [float(evaluate(weight, values)) for weight in moiety.weights]
        if np.all(np.isfinite(row)):
            rows.append(row)
    return Conservation(matrix=np.array(rows).reshape(len(rows), len(system.states)))
