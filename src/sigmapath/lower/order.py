"""Topological order of definitions; a circle is an error that shows it.

Enters: definitions in the order of the source. Leaves: the same, each after what it uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sigmapath.errors import CyclicAssignmentError
from sigmapath.expr.nodes import Expr, postorder
from sigmapath.lower.system import Definition

__all__ = ["ordered", "symbols_of"]


def symbols_of(*roots: Expr) -> list[str]:
    """Ids of the symbols below the roots, each once, in order of appearance."""
    return [str(node.value) for node in postorder(roots) if node.op == "sym"]


def ordered(
    definitions: Iterable[Definition],
    *,
    wanted: Sequence[str] | None = None,
    where: str = "",
) -> tuple[Definition, ...]:
    """Definitions sorted so that each uses earlier ones only.

    Parameters
    ----------
    definitions : iterable of Definition
    wanted : sequence of str, optional
        Keep only these ids and what they use; all by default.
    where : str
        The model, for the message.

    Raises
    ------
    CyclicAssignmentError
        If definitions use each other in a circle: ``a > b > a``.
    """
    by_id: Mapping[str, Definition] = {item.id: item for item in definitions}
    result: list[Definition] = []
    state: dict[str, int] = {}  # 1: on the path, 2: done
    for first in by_id if wanted is None else wanted:
        if first not in by_id or first in state:
            continue
        path = [(first, iter(symbols_of(by_id[first].math)))]
        state[first] = 1
        while path:
            name, uses = path[-1]
            for used in uses:
                if used not in by_id or state.get(used) == 2:
                    continue
                if state.get(used) == 1:
                    names = [step for step, _ in path]
                    loop = names[names.index(used) :]
                    raise CyclicAssignmentError([*loop, used], where=where)
                state[used] = 1
                path.append((used, iter(symbols_of(by_id[used].math))))
                break
            else:
                path.pop()
                state[name] = 2
                result.append(by_id[name])
    return tuple(result)
