"""Small systems written by hand, and an evaluator that shares nothing with code generation."""

from __future__ import annotations

import hashlib
import math

import numpy as np

from sigmapath.expr.nodes import TIME, Expr, apply, as_expr, number, symbol
from sigmapath.kernels import EventTable, Pattern
from sigmapath.lower.system import Definition, OdeSystem, Quantity

EMPTY = np.zeros(0, dtype=np.int64)
NO_EVENTS = EventTable(
    assign_start=np.zeros(1, dtype=np.int64),
    target_is_state=EMPTY,
    target=EMPTY,
    initial_value=EMPTY,
    persistent=EMPTY,
    from_trigger_time=EMPTY,
    has_delay=EMPTY,
    has_priority=EMPTY,
)


def parameter(name, value=1.0, start=None):
    return Quantity(id=name, kind="parameter", value=value, start=start)


def state(name, value=1.0, non_negative=False):
    return Quantity(id=name, kind="species", value=value, unit="uM", non_negative=non_negative)


def system(
    *,
    parameters,
    states,
    derivatives,
    definitions=(),
    jacobian=None,
    model_id="model",
    **others,
):
    """An OdeSystem with a dense Jacobian pattern and nothing but what is given."""
    n = len(states)
    if jacobian is None:
        jacobian = (number(0.0),) * (n * n)
    fields = {
        "model_id": model_id,
        "where": "by hand",
        "parameters": tuple(parameters),
        "states": tuple(states),
        "definitions": tuple(Definition(id=k, math=m, comment=c) for k, m, c in definitions),
        "derivatives": tuple(map(as_expr, derivatives)),
        "mass": (1.0,) * n,
        "jacobian": tuple(map(as_expr, jacobian)),
        "pattern": Pattern(
            row_start=np.arange(0, n * n + 1, max(n, 1), dtype=np.int64)
            if n
            else np.zeros(1, dtype=np.int64),
            column=np.tile(np.arange(n, dtype=np.int64), n),
        ),
        "time_derivative": None,
        "initial": (),
        "initial_states": tuple(symbol(s.id) for s in states),
        "roots": (),
        "triggers": (),
        "delays": (),
        "priorities": (),
        "assignments": (),
        "events": NO_EVENTS,
        "event_ids": (),
        "lags": (),
        "lagged": (),
        "observables": {},
        "observable_units": {},
        "moieties": (),
        "time_unit": "s",
    }
    fields.update(others)
    described = {k: v for k, v in fields.items() if k not in ("pattern", "events")}
    text = repr(described) + repr(fields["pattern"].column.tolist())
    return OdeSystem(**fields, fingerprint=hashlib.sha256(text.encode()).hexdigest())


def three_reactions():
    """Binding A + B <-> C, Hill-type decay of C, synthesis of A with a volume of 2."""
    a, b, c = symbol("A"), symbol("B"), symbol("C")
    kon, koff, vmax, km, n, k0, vol = map(symbol, ("kon", "koff", "Vmax", "Km", "n", "k0", "cell"))
    bind, decay, make = symbol("bind"), symbol("decay"), symbol("make")
    hill = apply("pow", c, n)
    kn = apply("pow", km, n)
    # d decay/dC = Vmax n C^(n-1) Km^n / (Km^n + C^n)^2, per volume
    slope = vol * vmax * n * apply("pow", c, n - 1) * kn / apply("pow", kn + hill, 2)
    zero = number(0.0)
    return system(
        model_id="three reactions",
        parameters=[
            parameter(k, v)
            for k, v in dict(kon=0.3, koff=0.1, Vmax=2.0, Km=0.7, n=2.5, k0=0.05, cell=2.0).items()
        ],
        states=[state("A", 1.0, True), state("B", 2.0, True), state("C", 0.5, True)],
        definitions=[
            ("bind", vol * (kon * a * b - koff * c), "reaction bind: A + B -> C"),
            ("decay", vol * vmax * hill / (kn + hill), "reaction decay: C ->"),
            ("make", vol * k0, "reaction make: -> A"),
        ],
        derivatives=[
            (make - bind) / vol,
            -bind / vol,
            (bind - decay) / vol,
        ],
        jacobian=[
            -(kon * b), -(kon * a), koff,
            -(kon * b), -(kon * a), koff,
            kon * b, kon * a, -koff - slope / vol + zero,
        ],
    )  # fmt: skip


def evaluate(expression: Expr, values: dict, definitions=()) -> float:
    """Value of an expression by plain recursion on Python floats, SBML semantics."""
    table = dict(definitions)

    def value(e):
        if e.op == "num":
            return float(e.value)
        if e.op == "time":
            return values[TIME]
        if e.op == "sym":
            name = str(e.value)
            return values[name] if name in values else value(table[name])
        return _RULES[e.op](*[value(a) for a in e.args])

    with np.errstate(all="ignore"):
        return float(value(expression))


def _piecewise(*parts):
    for v, condition in zip(parts[0::2], parts[1::2], strict=False):
        if condition != 0.0:
            return v
    return parts[-1] if len(parts) % 2 else math.nan


def _factorial(x):
    return math.gamma(x + 1.0) if x > -1.0 or not float(x).is_integer() else math.nan


def _np(function):
    return lambda *arguments: float(function(*map(np.float64, arguments)))


_one = np.float64(1.0)
_RULES = {
    "add": lambda *a: float(sum(a)),
    "mul": lambda *a: float(np.prod(np.array(a, dtype=float))),
    "div": _np(np.divide),
    "neg": lambda a: -a,
    "pow": _np(np.power),
    "abs": abs,
    "exp": _np(np.exp),
    "ln": _np(np.log),
    "log10": _np(np.log10),
    "sqrt": _np(np.sqrt),
    "floor": _np(np.floor),
    "ceiling": _np(np.ceil),
    "factorial": _factorial,
    "sin": _np(np.sin),
    "cos": _np(np.cos),
    "tan": _np(np.tan),
    "sec": _np(lambda x: _one / np.cos(x)),
    "csc": _np(lambda x: _one / np.sin(x)),
    "cot": _np(lambda x: _one / np.tan(x)),
    "sinh": _np(np.sinh),
    "cosh": _np(np.cosh),
    "tanh": _np(np.tanh),
    "sech": _np(lambda x: _one / np.cosh(x)),
    "csch": _np(lambda x: _one / np.sinh(x)),
    "coth": _np(lambda x: _one / np.tanh(x)),
    "arcsin": _np(np.arcsin),
    "arccos": _np(np.arccos),
    "arctan": _np(np.arctan),
    "arcsec": _np(lambda x: np.arccos(_one / x)),
    "arccsc": _np(lambda x: np.arcsin(_one / x)),
    "arccot": _np(lambda x: np.arctan(_one / x)),
    "arcsinh": _np(np.arcsinh),
    "arccosh": _np(np.arccosh),
    "arctanh": _np(np.arctanh),
    "arcsech": _np(lambda x: np.arccosh(_one / x)),
    "arccsch": _np(lambda x: np.arcsinh(_one / x)),
    "arccoth": _np(lambda x: np.arctanh(_one / x)),
    "quotient": _np(lambda a, b: np.trunc(a / b)),
    "rem": _np(np.fmod),
    "min": lambda *a: float(np.min(a)) if a else math.inf,
    "max": lambda *a: float(np.max(a)) if a else -math.inf,
    "lt": lambda a, b: float(a < b),
    "le": lambda a, b: float(a <= b),
    "gt": lambda a, b: float(a > b),
    "ge": lambda a, b: float(a >= b),
    "eq": lambda a, b: float(a == b),
    "ne": lambda a, b: float(a != b),
    "and": lambda *a: float(all(x != 0.0 for x in a)),
    "or": lambda *a: float(any(x != 0.0 for x in a)),
    "xor": lambda *a: float(sum(x != 0.0 for x in a) % 2),
    "not": lambda a: float(a == 0.0),
    "implies": lambda a, b: float(a == 0.0 or b != 0.0),
    "piecewise": _piecewise,
}
