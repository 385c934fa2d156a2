"""What is observed: ids and formulas, as expressions with units.

Enters: the texts of ``observables=`` and of readouts. Leaves: expressions over names the model has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sigmapath.errors import PlanError, UnitError, UnknownNameError
from sigmapath.experiment.targets import model_unit
from sigmapath.expr.nodes import Expr, free_symbols, postorder, symbol
from sigmapath.names import NameIndex
from sigmapath.quantity import DIMENSIONLESS, Unit, unit_text
from sigmapath.record import record

__all__ = ["Observable", "resolve_observables"]


@record
class Observable:
    """One observable.

    Parameters
    ----------
    name : str
        Its text, exactly as given.
    expr : Expr
        Over names of ``NameIndex.observables``.
    unit : str
        Readable; "" where it cannot be told.
    long_name : str
        In words; the text itself for formulas.
    """

    name: str
    expr: Expr
    unit: str
    long_name: str


def resolve_observables(texts: Sequence[str] | str, index: NameIndex) -> tuple[Observable, ...]:
    """Return the observables of the given texts, each once, in order.

    Raises
    ------
    UnknownNameError
        If a text mentions a name that the model does not have, with near matches.
    ParseError
        If a formula cannot be read.
    PlanError
        If something else than text is given.
    """
    given = list(texts) if isinstance(texts, Iterable) and not isinstance(texts, str) else [texts]
    for text in given:
        if not isinstance(text, str) or not text.strip():
            raise PlanError(
                "not an observable", where="observables", found=repr(text),
                expected="the id or formula of what is observed, as text",
            )  # fmt: skip
    return tuple(_observable(text, index) for text in dict.fromkeys(given))


def _observable(text: str, index: NameIndex) -> Observable:
    plain = text.strip()
    if plain in index.observables:
        return Observable(
            name=text,
            expr=symbol(plain),
            unit=index.observables[plain],
            long_name=index.long_names.get(plain) or text,
        )
    # Imported where a formula is met: the parser is not needed for plain ids.
    from sigmapath.expr.parse import parse

    expr = parse(plain)
    for name in sorted(free_symbols(expr)):
        if name not in index.observables:
            where = "observables" if name == plain else f"observable '{plain}'"
            raise UnknownNameError(
                "name", name, index.observables, where=where,
                fix=f"sigmapath show {index.model} lists the names",
            )  # fmt: skip
    for node in postorder([expr]):
        if node.op in ("call", "delay", "rateof"):
            raise UnknownNameError(
                "function", str(node.value or node.op), (), where=f"observable '{plain}'"
            )
    unit = _unit(expr, index)
    shown = unit_text(unit) if unit is not None else ""
    return Observable(name=text, expr=expr, unit=shown, long_name=text)


def _unit(expr: Expr, index: NameIndex) -> Unit | None:
    """Unit of a formula; None where it cannot be told, never a guess."""
    units: dict[Expr, Unit | None] = {}
    for node in postorder([expr]):
        units[node] = _unit_of_node(node, [units[a] for a in node.args], index)
    return units[expr]


def _unit_of_node(node: Expr, units: list[Unit | None], index: NameIndex) -> Unit | None:
    if node.op == "sym":
        return model_unit(index.observables[str(node.value)])
    if node.op == "time":
        return model_unit(index.time_unit)
    if node.op == "num":
        return DIMENSIONLESS
    if not units or any(unit is None for unit in units):
        return None
    known = [unit for unit in units if unit is not None]
    if node.op in ("neg", "abs"):
        return known[0]
    if node.op in ("add", "min", "max"):
        return known[0] if all(unit == known[0] for unit in known) else None
    if node.op in ("mul", "div"):
        product = known[0]
        for unit in known[1:]:
            product = product / unit if node.op == "div" else product * unit
        return product
    if node.op in ("exp", "ln", "log10"):
        return DIMENSIONLESS if known[0].is_dimensionless else None
    if node.op == "pow" and node.args[1].op == "num":
        try:
            return known[0] ** float(node.args[1].value or 0.0)
        except UnitError:
            return None
    return None
