"""Small hand-written networks, each with one thing to get right."""

from __future__ import annotations

from sigmapath.expr.nodes import Expr
from sigmapath.expr.parse import parse
from sigmapath.model.components import (
    AssignmentRule,
    Compartment,
    Event,
    EventAssignment,
    InitialAssignment,
    KineticLaw,
    LocalParameter,
    Parameter,
    RateRule,
    Reaction,
    Species,
    SpeciesReference,
    Trigger,
)
from sigmapath.model.network import ReactionNetwork


def formula(text: str) -> Expr:
    return parse(text)


def side(text: str) -> tuple[SpeciesReference, ...]:
    """ "A + 2 B" as species references; "" is nothing."""
    references = []
    for part in filter(None, (part.strip() for part in text.split("+"))):
        count, _, name = part.rpartition(" ")
        references.append(
            SpeciesReference(species=name, stoichiometry=float(count) if count else 1.0)
        )
    return tuple(references)


def reaction(
    id_: str, equation: str, law: str, local: dict[str, float] | None = None, **fields: object
) -> Reaction:
    reactants, _, products = equation.partition("->")
    return Reaction(
        id=id_,
        reactants=side(reactants),
        products=side(products),
        kinetic_law=KineticLaw(
            math=parse(law),
            local_parameters=tuple(
                LocalParameter(id=name, value=value) for name, value in (local or {}).items()
            ),
        ),
        **fields,  # type: ignore[arg-type]
    )


def species(id_: str, start: float | None, home: str = "cell", **fields: object) -> Species:
    return Species(id=id_, compartment=home, initial_concentration=start, **fields)  # type: ignore[arg-type]


def parameters(**values: float | None) -> tuple[Parameter, ...]:
    return tuple(Parameter(id=name, value=value) for name, value in values.items())


def enzyme(volume: float = 2.0) -> ReactionNetwork:
    """S + E <-> SE -> P + E in a cell whose volume is not 1; laws in amount per time."""
    return ReactionNetwork(
        id="enzyme",
        compartments=(Compartment(id="cell", size=volume),),
        species=(species("S", 10.0), species("E", 1.0), species("SE", 0.0), species("P", 0.0)),
        parameters=parameters(k1=0.5, km1=0.1, k2=0.3),
        reactions=(
            reaction("bind", "S + E -> SE", "cell*(k1*S*E - km1*SE)"),
            reaction("turn", "SE -> E + P", "cell*k2*SE"),
        ),
    )


def two_compartments() -> ReactionNetwork:
    """Transport from an amount species in a pool of 3 to a concentration species in one of 0.5."""
    return ReactionNetwork(
        id="transport",
        compartments=(Compartment(id="pool", size=3.0), Compartment(id="vesicle", size=0.5)),
        species=(
            Species(id="A", compartment="pool", initial_amount=6.0, has_only_substance_units=True),
            Species(id="B", compartment="vesicle", initial_amount=1.0),
            species("W", 4.0, "pool", boundary_condition=True),
        ),
        parameters=parameters(k=0.25),
        reactions=(reaction("move", "A + W -> 2 B", "k*A*W"),),
    )


def growing(rule: str = "rate") -> ReactionNetwork:
    """A -> B in a compartment whose size follows a rule or jumps with an event."""
    size_rule = parse("0.5*V") if rule == "rate" else parse("1 + time")
    jump = Event(
        id="jump",
        trigger=Trigger(math=parse("time > 2")),
        assignments=(
            EventAssignment(variable="V", math=parse("4")),
            EventAssignment(variable="A", math=parse("7")),
        ),
    )
    return ReactionNetwork(
        id="growing",
        compartments=(Compartment(id="V", size=2.0, constant=False),),
        species=(species("A", 3.0, "V"), species("B", 0.0, "V")),
        parameters=parameters(k=0.7),
        reactions=(reaction("R", "A -> B", "k*A*V"),),
        rate_rules=(RateRule(variable="V", math=size_rule),) if rule == "rate" else (),
        assignment_rules=(
            (AssignmentRule(variable="V", math=size_rule),) if rule == "assignment" else ()
        ),
        events=(jump,) if rule == "event" else (),
    )


def with_rules() -> ReactionNetwork:
    """Rules out of order, an initial assignment through a rule, a local parameter that hides k."""
    return ReactionNetwork(
        id="rules",
        compartments=(Compartment(id="cell", size=1.5),),
        species=(species("A", None), species("B", 2.0)),
        parameters=(
            *parameters(k=0.2, total=None, half=None, x=1.0),
            Parameter(id="scale", value=None),
        ),
        initial_assignments=(
            InitialAssignment(symbol="A", math=parse("3*scale")),
            InitialAssignment(symbol="scale", math=parse("2*k + B")),
        ),
        assignment_rules=(
            AssignmentRule(variable="half", math=parse("total/2")),
            AssignmentRule(variable="total", math=parse("A + B")),
        ),
        rate_rules=(RateRule(variable="x", math=parse("half - x*R")),),
        reactions=(reaction("R", "A -> B", "cell*k*A/(1 + half)", {"k": 0.9}),),
    )
