"""From graph nodes to statements: what is computed, in which order, under which name.

Enters: a graph and the nodes whose values a function stores. Leaves: the body of the function in
the block IR. Called by :mod:`sigmapath.codegen.assemble`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sigmapath.codegen.block import Assign, Load, Operand, Statement, Store
from sigmapath.codegen.graph import Graph

__all__ = ["body"]


def body(
    graph: Graph,
    values: Sequence[int],
    *,
    array: str = "out",
    first: int = 0,
    loads: Mapping[int, Load],
    names: Mapping[int, str],
    labels: Sequence[str] = (),
) -> tuple[Statement, ...]:
    """Return statements that store ``values`` to ``array[first]``, ``array[first + 1]``, ...

    Only what the values need is there. Each value is worked out right before its first use, so
    that few are alive at a time.

    Parameters
    ----------
    graph : Graph
    values : sequence of int
        Nodes, numbers all.
    loads : mapping int -> Load
        Nodes that are read from an array under a name instead of being computed.
    names : mapping int -> str
        Identifiers of named nodes.
    labels : sequence of str
        Comments beside the stores.
    """
    uses = _use_counts(graph, values, loads)
    statements: list[Statement] = []
    operand: dict[int, Operand] = {}
    for slot, value in enumerate(values):
        for node in _missing(graph, value, loads, operand):
            if node in loads:
                statements.append(loads[node])
                operand[node] = loads[node].name
                continue
            operation, *arguments = graph.nodes[node]
            if operation == "const":
                operand[node] = float(arguments[0])
                continue
            given = names.get(node)
            name = given or f"x{len(operand)}"
            statements.append(
                Assign(
                    name,
                    operation,
                    tuple([operand[a] for a in arguments]),
                    given is None and uses[node] == 1,
                    graph.comments.get(node, ""),
                )
            )
            operand[node] = name
        label = labels[slot] if slot < len(labels) else ""
        statements.append(Store(array, first + slot, operand[value], label))
    return tuple(statements)


def _arguments(graph: Graph, node: int, loads: Mapping[int, Load]) -> tuple[int, ...]:
    entry = graph.nodes[node]
    return () if node in loads or entry[0] == "const" else entry[1:]


def _missing(
    graph: Graph, root: int, loads: Mapping[int, Load], known: Mapping[int, Operand]
) -> list[int]:
    """Nodes below ``root`` that are not known yet, arguments first."""
    order: list[int] = []
    seen: set[int] = set()
    stack = [(root, False)]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            order.append(node)
        elif node not in known and node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((a, False) for a in reversed(_arguments(graph, node, loads)))
    return order


def _use_counts(graph: Graph, values: Sequence[int], loads: Mapping[int, Load]) -> dict[int, int]:
    """How often each needed node is read."""
    counts: dict[int, int] = {}
    stack = list(values)
    while stack:
        node = stack.pop()
        if node in counts:
            counts[node] += 1
            continue
        counts[node] = 1
        stack.extend(_arguments(graph, node, loads))
    return counts
