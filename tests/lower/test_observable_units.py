"""Units that people read, worked out once per model."""

from __future__ import annotations

from dataclasses import replace

from tests.models import enzyme, two_compartments

from sigmapath.lower.pipeline import lower
from sigmapath.model.components import Unit, UnitDefinition
from sigmapath.model.network import ModelUnits

UNITS = ModelUnits(substance="amol", time="second", volume="pL", extent="amol")
DEFINITIONS = (
    UnitDefinition(id="amol", units=(Unit(kind="mole", scale=-18),)),
    UnitDefinition(id="pL", units=(Unit(kind="litre", scale=-12),)),
    UnitDefinition(id="per_s", units=(Unit(kind="second", exponent=-1.0),)),
)


def test_amol_per_pl_is_um():
    network = replace(two_compartments(), units=UNITS, unit_definitions=DEFINITIONS)
    parameters = tuple(replace(item, units="per_s") for item in network.parameters)
    system = lower(replace(network, parameters=parameters))
    units = system.observable_units
    assert system.time_unit == "s"
    assert (units["A"], units["[A]"], units["amount(A)"]) == ("amol", "uM", "amol")
    assert (units["B"], units["pool"], units["k"], units["time"]) == ("uM", "pL", "1/s", "s")
    assert units["move"] == "amol/s"
    assert {state.id: state.unit for state in system.states} == {"A": "amol", "B": "uM"}
    assert set(units) == set(system.observables)


def test_level_2_has_units_without_saying_so():
    system = lower(replace(enzyme(), level=2, version=4))
    assert system.time_unit == "s"
    assert system.observable_units["S"] == "M"


def test_level_3_has_none():
    system = lower(enzyme())
    assert system.time_unit == ""
    assert set(system.observable_units.values()) == {""}


def test_a_wrong_unit_is_no_unit():
    network = replace(enzyme(), units=replace(UNITS, substance="nonsense"))
    assert lower(network).observable_units["S"] == ""
