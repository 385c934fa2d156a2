"""Dimension check of every formula of a network; runs once, reports everything it finds.

Enters: a network. Leaves: a list of :class:`~sigmapath.model.issue.Issue`. Nothing is converted and
nothing is refused: SBML runs a model whose units disagree, so the findings are warnings.

Numbers written in a formula have no unit in SBML. Here they count as dimensionless factors, and
adding one (other than 0 or infinity) to a quantity with a unit is reported. Quantities without a
declared unit make the formulas that use them unknown, which is reported once per kind.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

from sigmapath.errors import UnitError
from sigmapath.expr.nodes import BOOLEAN_OPS, Expr, free_symbols, postorder
from sigmapath.expr.render import render
from sigmapath.model.formulas import Formula, NetworkIndex, index_network
from sigmapath.model.issue import Issue
from sigmapath.model.network import ReactionNetwork
from sigmapath.model.unit_definitions import NetworkUnits, ratio
from sigmapath.quantity import DIMENSIONLESS, Unit, dimension_words, unit_text

__all__ = ["check_units", "quantity_units"]

# A literal number: dimensionless as a factor, but it carries no promise about its unit.
LITERAL = Unit(scale=Fraction(1), dimensions=(0.0,) * 7, text="number")
Inferred = Unit | None
_SAME = frozenset({"add", "min", "max"})
_KEEPS = frozenset({"neg", "abs", "floor", "ceiling"})
_COMPARES = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
_COMBINES = _SAME | _KEEPS | _COMPARES | BOOLEAN_OPS | {
    "mul", "div", "pow", "sqrt", "piecewise", "quotient", "rem", "delay", "rateof", "num", "sym",
    "time", "call",
}  # fmt: skip
_MAX_NESTING = 50
_SHOWN = 10


def check_units(network: ReactionNetwork) -> list[Issue]:
    """Return every unit problem of a network.

    Codes: ``unit_dimension`` (the units measure different things), ``unit_scale`` (same dimension,
    another size, such as nM for uM), ``unit_unknown`` (a unit id that is not defined),
    ``unit_undeclared`` (a quantity without a unit), ``unit_literal`` (a bare number added to a
    quantity with a unit).
    """
    index = index_network(network)
    units = NetworkUnits(network)
    issues = list(_bad_unit_ids(network, units))
    known = quantity_units(index, units)
    if not network.unit_definitions and all(unit is None for unit in known.values()):
        if network.reactions or network.rate_rules:
            issues.append(
                _info("unit_undeclared", "model", "declares no units, so none could be checked")
            )
        return issues
    issues += _undeclared(index, known)
    inference = _Inference(index, units, known)
    for formula in index.formulas:
        issues += inference.check(formula)
    return issues


def quantity_units(index: NetworkIndex, units: NetworkUnits) -> dict[str, Unit | None]:
    """Return the unit of every id that formulas may use; None where unknown."""
    found: dict[str, Unit | None] = {}
    for item_id, (kind, item) in index.items.items():
        match kind:
            case "compartment":
                found[item_id] = units.size(item)
            case "species":
                found[item_id] = units.species(item)
            case "parameter":
                found[item_id] = units.by_id(item.units)
            case "reaction":
                found[item_id] = units.rate
            case "species reference":
                found[item_id] = DIMENSIONLESS
    return found


def _info(code: str, where: str, what: str, fix: str = "") -> Issue:
    return Issue(severity="info", code=code, where=where, what=what, fix=fix)


def _warning(code: str, where: str, what: str, fix: str = "") -> Issue:
    return Issue(severity="warning", code=code, where=where, what=what, fix=fix)


def _bad_unit_ids(network: ReactionNetwork, units: NetworkUnits) -> Iterator[Issue]:
    for unit_id, problem in units.problems.items():
        yield _warning("unit_unknown", f"unit {unit_id}", f"cannot be used: {problem}")
    used = [(f"parameter {p.id}", p.units) for p in network.parameters]
    used += [(f"compartment {c.id}", c.units) for c in network.compartments]
    used += [(f"species {s.id}", s.substance_units) for s in network.species]
    for reaction in network.reactions:
        if reaction.kinetic_law is not None:
            local = reaction.kinetic_law.local_parameters
            used += [(f"parameter {p.id} of reaction {reaction.id}", p.units) for p in local]
    for where, unit_id in used:
        if unit_id and not units.is_known(unit_id):
            yield _warning(
                "unit_unknown", where, f"has the unit '{unit_id}', which the model does not define"
            )


def _undeclared(index: NetworkIndex, known: Mapping[str, Unit | None]) -> Iterator[Issue]:
    used = {s for f in index.formulas for s in free_symbols(f.math)}
    without: dict[str, list[str]] = {}
    for item_id, unit in known.items():
        kind = index.items[item_id][0]
        if unit is None and item_id in used and kind != "reaction":
            without.setdefault(kind, []).append(item_id)
    for kind, ids in without.items():
        shown = ", ".join(ids[:_SHOWN]) + (" ..." if len(ids) > _SHOWN else "")
        yield _info(
            "unit_undeclared",
            f"{kind} {shown}",
            f"{len(ids)} without a usable unit, so the formulas that use it could not be checked",
        )


class _Inference:
    """Works out the units of formulas; collects what does not fit."""

    def __init__(
        self, index: NetworkIndex, units: NetworkUnits, known: Mapping[str, Unit | None]
    ) -> None:
        self._index = index
        self._units = units
        self._known = known
        self._where = ""
        self._found: list[Issue] = []

    def check(self, formula: Formula) -> list[Issue]:
        """Return the problems inside a formula and between it and its target."""
        self._where, self._found = formula.where, []
        local = {p.id: self._units.by_id(p.units) for p in formula.local}
        values = {p.id: p.value for p in formula.local}
        result = self._infer(formula.math, {**self._known, **local}, values, 0)
        expected = self._expected(formula)
        if result is not None and expected is not None and result is not LITERAL:
            self._compare(result, expected, "gives", "where the model needs")
        return list(dict.fromkeys(self._found))

    def _expected(self, formula: Formula) -> Inferred:
        target = self._known.get(formula.target)
        match formula.role:
            case "kinetic_law":
                return self._units.rate
            case "rate_rule":
                return ratio(target, self._units.time)
            case "assignment_rule" | "initial_assignment" | "event_assignment":
                return target
            case "delay":
                return self._units.time
            case "stoichiometry":
                return DIMENSIONLESS
        return None

    def _infer(
        self,
        root: Expr,
        symbols: Mapping[str, Inferred],
        values: Mapping[str, float | None],
        nesting: int,
    ) -> Inferred:
        units: dict[Expr, Inferred] = {}
        for node in postorder([root]):
            arguments = [units[argument] for argument in node.args]
            if node.op == "call":
                units[node] = self._call(node, arguments, values, nesting)
            elif node.op == "pow":
                units[node] = self._power(node, arguments, values)
            elif node.op == "sym":
                units[node] = symbols.get(str(node.value))
            else:
                units[node] = self._operation(node, arguments)
        return units[root]

    def _operation(self, node: Expr, units: list[Inferred]) -> Inferred:
        op = node.op
        if op == "num":
            return LITERAL
        if op == "time":
            return self._units.time
        if op in _KEEPS:
            return units[0]
        if op in _SAME:
            return self._same(node, node.args, units)
        if op in _COMPARES:
            self._same(node, node.args, units)
            return DIMENSIONLESS
        if op == "piecewise":
            values = [i for i in range(len(units)) if i % 2 == 0]
            return self._same(node, tuple(node.args[i] for i in values), [units[i] for i in values])
        if op not in _COMBINES:
            self._dimensionless(node, units)
            return DIMENSIONLESS
        return self._combined(op, node, units)

    def _combined(self, op: str, node: Expr, units: list[Inferred]) -> Inferred:
        if op in BOOLEAN_OPS:
            return DIMENSIONLESS
        if op == "mul":
            product: Inferred = LITERAL
            for unit in units:
                product = _times(product, unit)
            return product
        if op in {"div", "quotient"}:
            return _over(units[0], units[1])
        if op == "sqrt":
            return _raised(units[0], 0.5)
        if op == "delay":
            time = self._units.time
            if units[1] is not None and time is not None and units[1] is not LITERAL:
                self._compare(units[1], time, f"delays by {self._shown(node.args[1])} in", "not")
            return units[0]
        if op == "rateof":
            return _over(units[0], self._units.time)
        return units[0]  # rem

    def _same(self, node: Expr, args: tuple[Expr, ...], units: list[Inferred]) -> Inferred:
        """Check that all arguments have one unit and return it."""
        known = [
            (a, u)
            for a, u in zip(args, units, strict=True)
            if u is not None and not (u is LITERAL and _fits_anything(a))
        ]
        declared = [(a, u) for a, u in known if u is not LITERAL]
        if not declared:
            return LITERAL if known and len(known) == len(args) else (None if args else LITERAL)
        first_argument, first = declared[0]
        for argument, unit in declared[1:]:
            if not _equal(unit, first):
                verb = "adds" if node.op == "add" else "compares"
                left, right = self._shown(first_argument), self._shown(argument)
                self._compare(unit, first, f"{verb} {left} and {right}:", "and")
        if node.op == "add" and not first.is_dimensionless:
            for argument, unit in known:
                if unit is LITERAL and argument.op in {"num", "neg"}:
                    self._found.append(
                        _warning(
                            "unit_literal",
                            self._where,
                            f"adds the bare number {self._shown(argument)} to "
                            f"{self._shown(first_argument)} in {unit_text(first)}",
                            "give the number a name and a unit",
                        )
                    )
        return first

    def _dimensionless(self, node: Expr, units: list[Inferred]) -> None:
        for argument, unit in zip(node.args, units, strict=True):
            if unit is not None and not unit.is_dimensionless:
                self._found.append(
                    _warning(
                        "unit_dimension",
                        self._where,
                        f"takes {node.op} of {self._shown(argument)} in {unit_text(unit)}",
                        "divide it by a reference value of the same unit",
                    )
                )

    def _power(
        self, node: Expr, units: list[Inferred], values: Mapping[str, float | None]
    ) -> Inferred:
        base, exponent = units
        if exponent is not None and not exponent.is_dimensionless:
            self._found.append(
                _warning(
                    "unit_dimension",
                    self._where,
                    f"has the exponent {self._shown(node.args[1])} in {unit_text(exponent)}",
                    "an exponent is a plain number",
                )
            )
            return None
        if base is None or base is LITERAL or base == DIMENSIONLESS:
            return base
        value = self._constant_value(node.args[1], values)
        return None if value is None else _raised(base, value)

    def _constant_value(self, node: Expr, local: Mapping[str, float | None]) -> float | None:
        """Value of an exponent that is a number or a constant parameter, possibly n - 1 or -n."""
        if node.op == "num":
            return float(node.value)  # type: ignore[arg-type]
        if node.op == "sym":
            if node.value in local:
                return local[str(node.value)]
            kind, item = self._index.items.get(str(node.value), ("", None))
            fixed = kind == "parameter" and item.id not in self._index.started and item.constant
            return item.value if fixed else None
        inner = [self._constant_value(a, local) for a in node.args] if len(node.args) <= 2 else []
        if not inner or None in inner:
            return None
        numbers = [value for value in inner if value is not None]
        match node.op:
            case "neg":
                return -numbers[0]
            case "add":
                return math.fsum(numbers)
            case "mul":
                return math.prod(numbers)
            case "div" if len(numbers) == 2 and numbers[1] != 0.0:
                return numbers[0] / numbers[1]
        return None

    def _call(
        self,
        node: Expr,
        arguments: list[Inferred],
        values: Mapping[str, float | None],
        nesting: int,
    ) -> Inferred:
        kind, function = self._index.items.get(str(node.value), ("", None))
        fits = kind == "function" and len(function.arguments) == len(arguments)
        if not fits or nesting >= _MAX_NESTING:
            return None
        numbers = [self._constant_value(a, values) for a in node.args]
        inner_values = dict(zip(function.arguments, numbers, strict=True))
        inner_units = dict(zip(function.arguments, arguments, strict=True))
        return self._infer(function.body, inner_units, inner_values, nesting + 1)

    def _compare(self, found: Unit, expected: Unit, verb: str, joint: str) -> None:
        if _equal(found, expected):
            return
        same = found.fits(expected)
        code = "unit_scale" if same else "unit_dimension"
        left, right = unit_text(found), unit_text(expected)
        if same:
            words = f"{verb} {left} {joint} {right}, which differ by {_factor(found, expected)}"
        else:
            words = (
                f"{verb} {left} ({dimension_words(found)}) {joint} "
                f"{right} ({dimension_words(expected)})"
            )
        self._found.append(_warning(code, self._where, words))

    @staticmethod
    def _shown(node: Expr) -> str:
        text = render(node)
        return text if len(text) <= 60 else text[:57] + "..."


def _fits_anything(node: Expr) -> bool:
    return node.op == "num" and (node.value == 0.0 or not math.isfinite(float(node.value or 0.0)))


def _equal(a: Unit, b: Unit) -> bool:
    return a.fits(b) and abs(a.scale / b.scale - 1) < 1e-9


def _factor(a: Unit, b: Unit) -> str:
    return f"a factor of {float(max(a.scale / b.scale, b.scale / a.scale)):.6g}"


def _times(a: Inferred, b: Inferred) -> Inferred:
    if a is None or b is None:
        return None
    if a is LITERAL:
        return b
    return a if b is LITERAL else a * b


def _over(a: Inferred, b: Inferred) -> Inferred:
    if a is None or b is None:
        return None
    if b is LITERAL:
        return a
    return DIMENSIONLESS / b if a is LITERAL else a / b


def _raised(unit: Inferred, exponent: float) -> Inferred:
    if unit is None or unit is LITERAL:
        return unit
    try:
        return unit**exponent
    except (UnitError, ValueError, OverflowError):
        return None
