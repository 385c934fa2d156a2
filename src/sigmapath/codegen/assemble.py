"""OdeSystem to a program: the functions of a model in the block IR.

Enters: an ``OdeSystem``. Leaves: a :class:`Program` whose functions both printers can print. Called
by :mod:`sigmapath.codegen.compile`.

Expressions of parameters alone are worked out by ``derive``, once per parameter set, and read from
the tail of p by every other function.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field

from sigmapath.codegen.block import Call, Function, Load, Statement, Store
from sigmapath.codegen.functions import KERNELS
from sigmapath.codegen.graph import Graph, Reach
from sigmapath.codegen.identifiers import identifiers
from sigmapath.codegen.statements import body
from sigmapath.codegen.translate import Translator
from sigmapath.expr.nodes import Expr, symbol
from sigmapath.lower.system import OdeSystem
from sigmapath.record import record

__all__ = ["Program", "assemble", "assemble_outputs"]


@record
class Program:
    """The functions of a model and the layout of p that they agree on.

    Parameters
    ----------
    functions : tuple of Function
        In the order of ``KERNEL_NAMES``, absent ones left out.
    n_derived : int
        Length of the derived tail of p.
    derived : tuple of int
        Graph nodes of the derived values, in their order.
    identifiers : dict str -> str
        Identifier of every id of the model.
    """

    functions: tuple[Function, ...]
    n_derived: int
    derived: tuple[int, ...] = field(repr=False)
    identifiers: dict[str, str] = field(repr=False)
    translator: Translator = field(repr=False)


def assemble(system: OdeSystem) -> Program:
    """Return the program of a model, without ``outputs``.

    Raises
    ------
    CodegenError
        If an expression holds something that lowering should have replaced.
    """
    graph, table = Graph(), identifiers(_ids(system))
    translator = _translator(system, graph)
    rows = [
        (row, [translator.number(value) for value in values])
        for row in KERNELS
        if (values := row.values(system)) is not None
    ]
    derived = _derived(graph, [node for _, nodes in rows for node in nodes])
    names = _names(graph, table, derived)
    loads = _loads(system, graph, table, derived, names)
    functions = [_initial(system, table), _derive(system, graph, derived, names, loads)]
    functions += [_past(system, table)] if system.past else []
    functions += [
        Function(
            name=row.name,
            purpose=row.purpose,
            body=body(graph, nodes, loads=loads, names=names, labels=row.labels(system)),
        )
        for row, nodes in rows
    ]
    return Program(
        functions=tuple(functions),
        n_derived=len(derived),
        derived=tuple(derived),
        identifiers=table,
        translator=translator,
    )


def assemble_outputs(system: OdeSystem, program: Program, expressions: Sequence[Expr]) -> Function:
    """Return the function ``outputs`` that writes the values of ``expressions``.

    It reads the derived values of ``program`` and works out on the spot what is not among them, so
    that observing something else leaves the rest of the model as it is.
    """
    graph = program.translator.graph.copy()
    translator = program.translator.copy(graph)
    nodes = [translator.number(expression) for expression in expressions]
    names = _names(graph, program.identifiers, program.derived)
    return Function(
        name="outputs",
        purpose="observables",
        body=body(
            graph,
            nodes,
            loads=_loads(system, graph, program.identifiers, program.derived, names),
            names=names,
        ),
    )


def _ids(system: OdeSystem) -> list[str]:
    """Every id that can become a local name, in a fixed order."""
    return [
        *(quantity.id for quantity in system.states),
        *(quantity.id for quantity in system.parameters),
        *(definition.id for definition in system.definitions),
        *(definition.id for definition in system.initial),
        *system.written,
    ]


def _translator(system: OdeSystem, graph: Graph) -> Translator:
    """Translator of everything but the start values; definitions keep their names."""
    n_param = len(system.parameters)
    symbols: dict[str, int] = {}
    for i, parameter in enumerate(system.parameters):
        symbols[parameter.id] = graph.load("p", i, Reach.PARAMETERS)
    for k, name in enumerate(system.written):
        # Written by the solver, they stand in p, yet they change from call to call.
        symbols[name] = graph.load("p", n_param + k, Reach.VARYING)
    for i, state in enumerate(system.states):
        symbols[state.id] = graph.load("y", i, Reach.VARYING)
    promised = [symbols[state.id] for state in system.states if state.non_negative]
    translator = Translator(graph, symbols, non_negative=promised, where=system.model_id)
    for definition in system.definitions:
        node = translator.node(definition.math)
        if graph.nodes[node][0] not in ("load", "const"):
            graph.names.setdefault(node, definition.id)
            graph.comments.setdefault(node, definition.comment)
        translator.define(definition.id, node)
    return translator


def _derived(graph: Graph, roots: Iterable[int]) -> list[int]:
    """Parameter-only nodes that something else reads, and that take more than a sign to compute."""
    wanted: set[int] = set()
    seen: set[int] = set()
    stack = list(roots)
    wanted.update(node for node in stack if _is_worth_deriving(graph, node))
    while stack:
        node = stack.pop()
        if node in seen or node in wanted or graph.nodes[node][0] in ("load", "const"):
            continue
        seen.add(node)
        for argument in graph.nodes[node][1:]:
            if _is_worth_deriving(graph, argument):
                wanted.add(argument)
            else:
                stack.append(argument)
    return sorted(wanted)


def _is_worth_deriving(graph: Graph, node: int) -> bool:
    if graph.reach[node] is not Reach.PARAMETERS or graph.is_boolean(node):
        return False
    entry = graph.nodes[node]
    if entry[0] == "neg":
        return _is_worth_deriving(graph, entry[1])
    return bool(entry[0] != "load")


def _names(graph: Graph, table: dict[str, str], derived: Sequence[int]) -> dict[int, str]:
    """Identifiers of definitions and of derived values."""
    names = {node: table[name] for node, name in graph.names.items()}
    for k, node in enumerate(derived):
        names.setdefault(node, f"c{k}")
    return names


def _loads(
    system: OdeSystem,
    graph: Graph,
    table: dict[str, str],
    derived: Sequence[int],
    names: dict[int, str],
) -> dict[int, Load]:
    """How the functions read t, y, p and the derived values."""
    ids = {("p", i): parameter.id for i, parameter in enumerate(system.parameters)}
    ids |= {("y", i): state.id for i, state in enumerate(system.states)}
    n_param = len(system.parameters)
    ids |= {("p", n_param + k): name for k, name in enumerate(system.written)}
    loads = {
        node: Load("time" if entry[1] == "t" else table[ids[entry[1:]]], *entry[1:])
        for node, entry in enumerate(graph.nodes)
        if entry[0] == "load"
    }
    base = n_param + len(system.written)
    loads |= {node: Load(names[node], "p", base + k) for k, node in enumerate(derived)}
    return loads


def _derive(
    system: OdeSystem,
    graph: Graph,
    derived: Sequence[int],
    names: dict[int, str],
    loads: dict[int, Load],
) -> Function:
    computed = set(derived)
    return Function(
        name="derive",
        purpose="expressions of parameters alone, the tail of p",
        body=body(
            graph,
            derived,
            array="p",
            first=len(system.parameters) + len(system.written),
            loads={node: load for node, load in loads.items() if node not in computed},
            names=names,
        ),
    )


def _at_start(
    system: OdeSystem, table: dict[str, str]
) -> tuple[Graph, Translator, dict[int, Load]]:
    """What functions of the start values share: y holds q; NaN asks for the initial assignment."""
    graph = Graph()
    quantities = (*system.parameters, *system.states)
    loads: dict[int, Load] = {}
    given: dict[str, int] = {}
    for i, quantity in enumerate(quantities):
        node = graph.load("y", i, Reach.VARYING)
        loads[node] = Load(table[quantity.id], "y", i)
        given[quantity.id] = node
    translator = Translator(graph, given, where=system.model_id)
    # Declared before anything is worked out, so that the name of time is not taken.
    loads[graph.load("t", 0, Reach.VARYING)] = Load("time", "t", 0)
    ordered = {definition.id for definition in system.initial}
    for quantity in quantities:
        if quantity.start is not None and quantity.id not in ordered:
            _define_start(translator, given, quantity.id, quantity.start)
    for definition in system.initial:
        _define_start(translator, given, definition.id, definition.math)
    return graph, translator, loads


def _initial(system: OdeSystem, table: dict[str, str]) -> Function:
    """``initial``: settable part of p and start of y."""
    graph, translator, loads = _at_start(system, table)
    settable = [translator.symbols[parameter.id] for parameter in system.parameters]
    states = [translator.number(expression) for expression in system.initial_states]
    if not system.initial_states:
        states = [translator.number(symbol(state.id)) for state in system.states]
    names = {node: table[name] for node, name in graph.names.items()}
    statements: tuple[Statement, ...] = body(
        graph, [*settable, *states], array="out", loads=loads, names=names
    )
    return Function(
        name="initial",
        purpose="settable part of p and start of y, from the start values q",
        body=(*_split_stores(statements, len(settable)), Call("derive")),
    )


def _past(system: OdeSystem, table: dict[str, str]) -> Function:
    """``past``: y holds the start values q, t a time up to the start."""
    graph, translator, loads = _at_start(system, table)
    values = [translator.number(value) for value in system.past]
    names = {node: table[name] for node, name in graph.names.items()}
    return Function(
        name="past",
        purpose="delayed quantities up to the start, from the start values q",
        body=body(graph, values, array="out", loads=loads, names=names),
    )


def _define_start(translator: Translator, given: dict[str, int], name: str, math: Expr) -> None:
    graph = translator.graph
    node = translator.number(math)
    if name in given:
        raw = given[name]
        node = graph.op("select", graph.op("ne", raw, raw), node, raw)
    elif graph.nodes[node][0] not in ("load", "const"):
        graph.names.setdefault(node, name)
    translator.define(name, node)


def _split_stores(statements: tuple[Statement, ...], n_param: int) -> list[Statement]:
    """Send the first ``n_param`` stores to p and the others to out, from 0 on."""
    split: list[Statement] = []
    for statement in statements:
        if not isinstance(statement, Store):
            split.append(statement)
        elif statement.slot < n_param:
            split.append(statement._replace(array="p"))
        else:
            split.append(statement._replace(slot=statement.slot - n_param))
    return split
