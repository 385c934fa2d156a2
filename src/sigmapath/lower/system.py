"""OdeSystem: the reaction network as ordered, still readable mathematics.

Enters: the lowering passes fill it. Leaves: :mod:`sigmapath.codegen` prints it. Every expression is
free of function calls, local parameters and SBML roles: its symbols are ids of ``parameters``,
``states`` or ``definitions``.
"""

from __future__ import annotations

from collections.abc import Mapping

from sigmapath.expr.nodes import Expr
from sigmapath.kernels import EventTable, Pattern
from sigmapath.record import record

__all__ = ["SLOW_SHARE", "Definition", "Moiety", "OdeSystem", "Quantity", "delayed_id"]

# Symbol of a value of p that the solver writes: 1 as a rule, 0 while the fast part comes to rest.
SLOW_SHARE = "slow#share"


def delayed_id(k: int) -> str:
    """Symbol of the k-th delayed value, see ``OdeSystem.lags``."""
    return f"delay#{k}"


@record
class Quantity:
    """A settable parameter or a state.

    Parameters
    ----------
    id : str
        As in the model (local parameters: ``reaction.parameter``).
    kind : str
        "parameter", "local_parameter", "compartment", "species" or "stoichiometry".
    value : float
        Start value in user terms; NaN where ``start`` or nothing gives it.
    start : Expr or None
        Works the start value out where ``value`` is NaN: an initial assignment, or an initial
        amount divided by a volume. In user terms.
    unit : str
        Unit of the user terms, readable ("uM"); "" if the model has none.
    volume : str
        For species: the id of the compartment, else "".
    is_amount : bool
        Whether the user terms of a species are an amount (hasOnlySubstanceUnits).
    state_is_amount : bool
        Whether the state that is integrated is an amount although the user terms are a
        concentration (species in a compartment whose size changes).
    non_negative : bool
        Whether the model promises that the state stays at or above zero.
    """

    id: str
    kind: str
    value: float
    start: Expr | None = None
    unit: str = ""
    volume: str = ""
    is_amount: bool = False
    state_is_amount: bool = False
    non_negative: bool = False


@record
class Definition:
    """``id = math``: an assignment rule, a reaction rate, or a concentration of an amount state."""

    id: str
    math: Expr
    comment: str = ""


@record
class Moiety:
    """A conserved sum, ``sum_k weights[k] * y[states[k]]``.

    Parameters
    ----------
    name : str
        Readable: ``S + 2 SP``.
    states : tuple of int
        Indices into y, ascending.
    coefficients : tuple of float
        Counts in amounts, as the name shows them.
    weights : tuple of Expr
        Counts times what turns each state into an amount (its volume, where the state is a
        concentration), over parameters only, because volumes are parameters. Where all states
        share one volume it is left out, and weights are the coefficients.
    """

    name: str
    states: tuple[int, ...]
    coefficients: tuple[float, ...]
    weights: tuple[Expr, ...]


@record
class OdeSystem:
    """The model as mathematics.

    Parameters
    ----------
    parameters : tuple of Quantity
        In the order of p[:n_param].
    states : tuple of Quantity
        In the order of y. A state's symbol means what is integrated (see ``state_is_amount``: then
        the user's concentration is the definition ``[id]``).
    definitions : tuple of Definition
        Topologically ordered: each uses parameters, states, time and earlier definitions only.
    derivatives : tuple of Expr, one per state
        Right-hand side of M dy/dt = f (amount or concentration per time, as the state).
    mass : tuple of float, one per state
        1.0 differential, 0.0 algebraic.
    jacobian : tuple of Expr, shape (nnz,)
        df/dy in the order of ``pattern``, over parameters, states, time and definitions.
    pattern : Pattern
    time_derivative : tuple of Expr or None
        df/dt at fixed y, None where f does not depend on time.
    initial : tuple of Definition
        Ordered start values: everything ``initial`` of the Kernels computes, over start symbols. A
        start symbol is the id of a parameter or state and means its user terms. An entry whose id
        is a parameter or state holds only where q is NaN; the others (rules and rates that start
        values need) always.
    initial_states : tuple of Expr, one per state
        Start of y over start symbols (a product with the volume where the state is an amount).
    roots : tuple of Expr
        Continuous functions of triggers and piecewise conditions.
    n_timed : int
        So many of the roots, the last ones, are affine in time and rest on nothing else that moves
        between jumps and events.
    triggers, delays, priorities : tuple of Expr, one per event
    assignments : tuple of Expr
        Values of all event assignments in user terms, event by event, then what ``events.factor``
        points at.
    events : EventTable
    event_ids : tuple of str
    lags, lagged : tuple of Expr
        delay(x, lag): the lags and the x; the symbol ``delay#k`` stands for the k-th in formulas.
    past : tuple of Expr
        Each x as a function of time up to the start, over start symbols.
    has_fast : bool
        Whether there are fast reactions: the solver then writes the symbol ``slow#share``, see
        :mod:`sigmapath.lower.fast`.
    observables : mapping str -> Expr
        Every name a user may observe, in user terms: ids, ``[S]``, ``amount(S)``, reaction rates.
    observable_units : mapping str -> str
    moieties : tuple of Moiety
    time_unit : str
    fingerprint : str
        Content hash of all of the above.
    """

    model_id: str
    where: str
    parameters: tuple[Quantity, ...]
    states: tuple[Quantity, ...]
    definitions: tuple[Definition, ...]
    derivatives: tuple[Expr, ...]
    mass: tuple[float, ...]
    jacobian: tuple[Expr, ...]
    pattern: Pattern
    time_derivative: tuple[Expr, ...] | None
    initial: tuple[Definition, ...]
    initial_states: tuple[Expr, ...]
    roots: tuple[Expr, ...]
    triggers: tuple[Expr, ...]
    delays: tuple[Expr, ...]
    priorities: tuple[Expr, ...]
    assignments: tuple[Expr, ...]
    events: EventTable
    event_ids: tuple[str, ...]
    lags: tuple[Expr, ...]
    lagged: tuple[Expr, ...]
    observables: Mapping[str, Expr]
    observable_units: Mapping[str, str]
    moieties: tuple[Moiety, ...]
    time_unit: str
    fingerprint: str
    has_fast: bool = False
    past: tuple[Expr, ...] = ()
    n_timed: int = 0

    @property
    def written(self) -> tuple[str, ...]:
        """Symbols whose values the solver writes into p, between settable and derived ones."""
        delayed = tuple(delayed_id(k) for k in range(len(self.lags)))
        return (*delayed, SLOW_SHARE) if self.has_fast else delayed
