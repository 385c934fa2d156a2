"""delay(x, lag): the value that x had a time ``lag`` ago.

Enters: Equations and every other expression that may hold ``delay``. Leaves: both with the symbol
``delay#k`` in place of the k-th delayed value, the x and the lags, and what each x was before the
start. SBML L3V2 section 3.4.6.

During a run the solver remembers each x and writes the delayed values. Before t = 0 initial
assignments and rules hold as functions of time (section 4.8: an initial assignment holds "at and
before" the start), and all else keeps its start value. So the past is an expression of time and the
start values, and a delayed value in it is that expression at an earlier time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sigmapath.expr.calculus import derivative
from sigmapath.expr.nodes import TIME, ZERO, Expr, apply, postorder, symbol
from sigmapath.expr.rewrite import Rewriter, rebuild, substitute
from sigmapath.expr.simplify import add, neg
from sigmapath.lower.equations import Equations
from sigmapath.lower.order import ordered, symbols_of
from sigmapath.lower.system import Definition, delayed_id
from sigmapath.record import record

__all__ = ["Delayed", "Past", "name_delays", "past_values"]


@record
class Delayed:
    """What is delayed: ``values[k]`` and ``lags[k]`` belong to ``delay#k``."""

    values: tuple[Expr, ...] = ()
    lags: tuple[Expr, ...] = ()


def name_delays(
    equations: Equations, others: Sequence[Expr]
) -> tuple[Equations, Rewriter, Delayed]:
    """Give every distinct delayed value a symbol; ``others`` are further users of delays.

    Returns
    -------
    Equations
        Without delay nodes.
    Rewriter
        To be applied to ``others`` and to every later expression.
    Delayed
        In integrated terms; inner delays come before outer ones.
    """
    place: dict[tuple[Expr, ...], int] = {}

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        if node.op != "delay":
            return rebuild(node, args)
        if args[1] is ZERO:
            return args[0]
        return symbol(delayed_id(place.setdefault(args, len(place))))

    change = Rewriter(rule)
    plain = Equations(
        definitions=tuple(replace(item, math=change(item.math)) for item in equations.definitions),
        derivatives=tuple(map(change, equations.derivatives)),
    )
    for math in others:
        change(math)
    delayed = Delayed(
        values=tuple(value for value, _ in place), lags=tuple(lag for _, lag in place)
    )
    return plain, change, delayed


@record
class Past:
    """Values before the start, over start symbols and time.

    Parameters
    ----------
    values : tuple of Expr
        x of each ``delay#k`` at a time t <= 0.
    at_start : mapping str -> Expr
        ``delay#k`` -> its value at the time of evaluation, if that is not after the start.
    """

    values: tuple[Expr, ...]
    at_start: Mapping[str, Expr]


def _earlier(value: Expr, lag: Expr) -> Expr:
    """``value`` as a function of time, a lag earlier."""
    moment = add(TIME, neg(lag))
    return Rewriter(lambda node, args: moment if node is TIME else rebuild(node, args))(value)


def past_values(
    values: Sequence[Expr], lags: Sequence[Expr], definitions: Iterable[Definition], where: str
) -> Past:
    """Write out what delayed quantities were before the start.

    Parameters
    ----------
    values, lags : sequence of Expr
        Of each ``delay#k``, over start symbols.
    definitions : iterable of Definition
        Start values and rules over start symbols; ``rateOf(x)`` among them by their ids.
    where : str
        The model, for messages.

    Raises
    ------
    CyclicAssignmentError
        If a value is defined by its own past without end.
    """
    rules = {
        item.id: Definition(id=item.id, math=symbol(item.id[len("rateOf(") : -1]))
        if item.id.startswith("rateOf(")
        else item
        for item in definitions
    }
    for k, (value, lag) in enumerate(zip(values, lags, strict=True)):
        rules[delayed_id(k)] = Definition(id=delayed_id(k), math=apply("delay", value, lag))
    wanted = [delayed_id(k) for k in range(len(values))]
    written: dict[str, Expr] = {}
    past: dict[str, Expr] = {}
    moving: set[Expr] = {TIME}
    for item in ordered(rules.values(), wanted=wanted, where=where):
        if item.id.startswith("rateOf("):
            name = symbols_of(item.math)[0]
            written[item.id] = derivative(written.get(name, item.math), TIME)
        elif item.id.startswith("delay#"):
            value, lag = (substitute(part, written) for part in item.math.args)
            past[item.id], written[item.id] = value, _earlier(value, lag)
        elif item.comment == "initial assignment":
            math = substitute(item.math, written)
            # Anything else may be set by the user and is then not what its assignment says.
            if any(node in moving for node in postorder([math])):
                written[item.id] = math
        else:
            written[item.id] = substitute(item.math, written)
    return Past(
        values=tuple(past[name] for name in wanted),
        at_start={name: written[name] for name in wanted},
    )
