"""The integration methods by name: what a user may ask for and what the loop understands.

Enters: a name. Leaves: its code, tableau and order. Called by the options, the loop's front end
and the tests, which run over every method registered here.
"""

from __future__ import annotations

from sigmapath.record import record
from sigmapath.solvers import layout as at
from sigmapath.solvers.tableaux import (
    BDF,
    RODAS5P,
    TSIT5,
    ExplicitTableau,
    MultistepFormulas,
    RosenbrockTableau,
)

__all__ = ["METHODS", "METHOD_NAMES", "Method"]


@record
class Method:
    """One integration method.

    Parameters
    ----------
    name : str
    code : int
        What the compiled loop calls it; also the code in ``BatchOutput.method``.
    tableau : RosenbrockTableau, ExplicitTableau or MultistepFormulas
    is_implicit : bool
        Whether it uses the Jacobian, and so suits stiff models and algebraic states.
    """

    name: str
    code: int
    tableau: RosenbrockTableau | ExplicitTableau | MultistepFormulas
    is_implicit: bool


def _registered(*methods: Method) -> dict[str, Method]:
    by_name = {method.name: method for method in methods}
    codes = {method.code for method in methods}
    if len(by_name) != len(methods) or len(codes) != len(methods) or "auto" in by_name:
        raise AssertionError("two integration methods share a name or a code")
    return by_name


METHODS = _registered(
    Method(name="rodas5p", code=at.RODAS5P, tableau=RODAS5P, is_implicit=True),
    Method(name="tsit5", code=at.TSIT5, tableau=TSIT5, is_implicit=False),
    Method(name="bdf", code=at.BDF, tableau=BDF, is_implicit=True),
)

# All names of the option ``method``. The code of "auto" in results means: began with the explicit
# method and went over to the stiff one.
METHOD_NAMES = ("auto", *METHODS)
