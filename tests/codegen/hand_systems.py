"""Small systems written by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sigmapath.expr.nodes import apply, as_expr, number, symbol
from sigmapath.kernels import EventTable, Pattern
from sigmapath.lower.fingerprint import fingerprint
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
    written = OdeSystem(**fields, fingerprint="")
    return replace(written, fingerprint=fingerprint(written))


def three_reactions():
    """Binding A + B <-> C, Hill-type decay of C, synthesis of A with a volume of 2."""
    a, b, c = symbol("A"), symbol("B"), symbol("C")
    kon, koff, vmax, km, n, k0, vol = map(symbol, ("kon", "koff", "Vmax", "Km", "n", "k0", "cell"))
    bind, decay, make = symbol("bind"), symbol("decay"), symbol("make")
    hill = apply("pow", c, n)
    kn = apply("pow", km, n)
    # d decay/dC = Vmax n C^(n-1) Km^n / (Km^n + C^n)^2, per volume
    slope = vol * vmax * n * apply("pow", c, n - 1) * kn / apply("pow", kn + hill, 2)
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
            kon * b, kon * a, -koff - slope / vol,
        ],
    )  # fmt: skip
