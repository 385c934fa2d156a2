"""Maximum matching of equations with the variables they may determine.

Enters: for each equation the variables it depends on, and a rank of every variable. Leaves: a
variable for each equation, or None. Augmenting paths (Kuhn 1955, doi:10.1002/nav.3800020109); low
ranks are exhausted first, so that a variable of high rank is taken only where it has to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["matched"]


def matched(edges: Sequence[Sequence[str]], rank: Mapping[str, int]) -> list[str | None]:
    """Return for each equation the variable that it determines, None where none is left.

    Parameters
    ----------
    edges : sequence of sequence of str
        Variables of each equation, in a fixed order; the result depends on nothing else.
    rank : mapping str -> int
        Of every variable.
    """
    owner: dict[str, int] = {}
    result: list[str | None] = [None] * len(edges)
    for level in sorted(set(rank.values())):
        for equation in range(len(edges)):
            if result[equation] is None:
                _augment(equation, edges, rank, level, owner, result)
    return result


def _augment(
    start: int,
    edges: Sequence[Sequence[str]],
    rank: Mapping[str, int],
    level: int,
    owner: dict[str, int],
    result: list[str | None],
) -> None:
    """Search breadth first for a free variable and shift the partners along the path to it."""
    came_from: dict[str, int] = {}
    queue = [start]
    for equation in queue:
        for variable in edges[equation]:
            if rank[variable] > level or variable in came_from:
                continue
            came_from[variable] = equation
            if variable in owner:
                queue.append(owner[variable])
                continue
            free: str | None = variable
            while free is not None:
                taker = came_from[free]
                previous, result[taker] = result[taker], free
                owner[free] = taker
                free = None if taker == start else previous
            return
