"""What happens when: the rows of the plan, against what the call says in words."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from small_index import Q, System, index

from sigmapath.errors import ParseError, PlanError, UnitError, UnknownNameError
from sigmapath.experiment.build import build_plan
from sigmapath.experiment.condition import Condition
from sigmapath.experiment.dosing import dose
from sigmapath.experiment.ensemble import ParameterRange, ensemble
from sigmapath.experiment.ligands import Ligand, LigandTable
from sigmapath.experiment.plan import RunPlan
from sigmapath.experiment.protocol import equilibrate, phase, washout
from sigmapath.experiment.readouts import at, auc, fold, peak, threshold_time
from sigmapath.names import NameIndex
from sigmapath.opcodes import JumpOp, ReducerOp

INDEX = index()


def ligand(name: str, ki: float, alpha: float, *aliases: str) -> Ligand:
    return Ligand(
        name=name, aliases=aliases, type="agonist", Ki_uM=ki, Ki_low_uM=ki / 2, Ki_high_uM=ki * 2,
        measure="Ki", kon_per_uM_s=0.25, kon_low_per_uM_s=0.1, kon_high_per_uM_s=1.0, alpha=alpha,
        alpha_low=alpha, alpha_high=alpha * 2, source="here", grade="assumed",
    )  # fmt: skip


LIGANDS = LigandTable(
    [
        ligand("(+)-pentazocine", 0.004, 60.0, "pentazocine"),
        ligand("NE-100", 0.002, 1.0),
        ligand("PRE-084", 0.01, 60.0),
        ligand("DHEA-S", 2.0, 25.0),
        ligand("DMT", 15.0, 25.0),
    ]
)


def build(**given: object) -> RunPlan:
    given.setdefault("times", 100.0)
    return build_plan(INDEX, ligands=LIGANDS, **given)


def rows(plan: RunPlan, run: int = 0) -> list[tuple[float, JumpOp, str, float]]:
    """Jumps of one run as (time, op, id, value)."""
    values = plan.chunk(run, run + 1).jump_values[0]
    return [
        (float(t), JumpOp(op), named(JumpOp(op), i), float(v))
        for t, op, i, v in zip(
            plan.jumps.time, plan.jumps.op, plan.jumps.index, values, strict=True
        )
    ]


def named(op: JumpOp, i: int) -> str:
    of_p = op in (JumpOp.SET_PARAMETER, JumpOp.ADD_PARAMETER)
    return (INDEX.parameters if of_p else INDEX.states)[i]


def start(plan: RunPlan, name: str, run: int = 0) -> float:
    position = INDEX.position(name)
    assert position is not None
    return float(plan.chunk(run, run + 1).start[0, position])


SET, SET_STATE, HOLD = JumpOp.SET_PARAMETER, JumpOp.SET_STATE, JumpOp.HOLD


# Start values ------------------------------------------------------------------------------------


def test_a_plain_run_changes_nothing():
    plan = build()
    assert plan.n_runs == 1
    assert plan.shape == ()
    assert len(plan.jumps) == 0
    assert plan.rest is None
    assert np.array_equal(plan.chunk(0, 1).start[0], INDEX.values, equal_nan=True)
    assert [o.name for o in plan.recorded] == ["Ca_cyt", "XBP1s", "copies", "swelling"]
    assert plan.keep_trajectories


def test_parameters_and_initial_values_are_converted():
    plan = build(parameters={"k_on": "60 1/min", "V_max": 3}, initial={"Ca_cyt": "50 nM"})
    assert start(plan, "k_on") == 1.0
    assert start(plan, "V_max") == 3.0
    assert start(plan, "Ca_cyt") == 0.05


def test_explicit_parameters_win_over_the_condition():
    rgc = Condition(name="rgc", parameters={"k_on": 7, "Vm": -70}, initial={"Ca_cyt": 0.2})
    plan = build(condition="rgc", conditions={"rgc": rgc}, parameters={"k_on": 9})
    assert (start(plan, "k_on"), start(plan, "Vm"), start(plan, "Ca_cyt")) == (9.0, -70.0, 0.2)


def test_an_unknown_condition_id_says_which_condition():
    rgc = Condition(name="rgc", parameters={"k_of": 7})
    with pytest.raises(UnknownNameError) as caught:
        build(condition=rgc)
    assert caught.value.where == "condition rgc"
    assert "k_on" in caught.value.suggestions


@pytest.mark.parametrize(
    ("given", "error", "word"),
    [
        ({"parameters": {"k_onn": 1}}, UnknownNameError, "k_onn"),
        ({"parameters": {"Ca_cyt": 1}}, PlanError, "initial="),
        ({"initial": {"k_on": 1}}, PlanError, "parameters="),
        ({"parameters": {"S1R_free": 1}}, PlanError, "worked out"),
        ({"parameters": {"k_on": "1 uM"}}, UnitError, "k_on"),
        ({"parameters": {"k_on": "1 furlong"}}, UnitError, "furlong"),
        ({"parameters": {"k_on": math.nan}}, PlanError, "finite"),
        ({"parameters": {"k_on": "fast"}}, PlanError, "not a number"),
        ({"parameters": {"bath": 1}, "initial": {"bath": 2}}, PlanError, "twice"),
    ],
)
def test_bad_settings_are_refused(given, error, word):
    with pytest.raises(error, match=word):
        build(**given)


# Times -------------------------------------------------------------------------------------------


def test_an_end_time_gives_201_points():
    plan = build(times="1 h")
    assert plan.t_end == 3600.0
    assert len(plan.times) == 201
    assert plan.times[0] == 0.0
    assert plan.times[-1] == 3600.0
    assert len(build(times=10, points=11).times) == 11


def test_times_may_be_an_array_with_units():
    assert build(times=["0 s", "1 min", 90]).times.tolist() == [0.0, 60.0, 90.0]
    assert build(times=np.array([5.0, 10.0])).t_end == 10.0
    assert build(times=0.0).times.tolist() == [0.0]


def test_without_times_the_protocol_ends_the_run():
    plan = build(times=None, protocol=[phase("1 min"), phase("2 min")])
    assert plan.t_end == 180.0


@pytest.mark.parametrize(
    "times",
    [
        [], [3.0, 1.0], [-1.0, 2.0], [0.0, math.nan], [0.0, math.inf], math.nan, -5.0, "6 uM",
        "soon", None, [[0.0, 1.0]], [0.0, None], np.zeros(0), ["1 h", "1 uM"],
    ],
)  # fmt: skip
def test_bad_times_are_refused(times):
    with pytest.raises((PlanError, UnitError)):
        build(times=times)


def test_a_run_of_one_output_point_is_given_as_an_array():
    with pytest.raises(PlanError, match="two output times"):
        build(points=1)


# Doses -------------------------------------------------------------------------------------------


def test_a_held_parameter_is_set_at_zero():
    assert rows(build(doses={"tunicamycin": "1 ug/mL"})) == [(0.0, SET, "tunicamycin", 1.0)]


def test_a_held_species_is_set_and_clamped():
    assert rows(build(doses={"Ca_cyt": "200 nM"})) == [
        (0.0, SET_STATE, "Ca_cyt", 0.2), (0.0, HOLD, "Ca_cyt", 1.0),
    ]  # fmt: skip


def test_a_bolus_is_an_amount_divided_by_the_volume():
    plan = build(doses=dose("Ca_cyt", 6.0, time=10))
    assert rows(plan) == [(10.0, JumpOp.ADD_STATE, "Ca_cyt", 6.0)]
    assert plan.jumps.scale.tolist() == [INDEX.position("cyt")]
    assert build(doses=dose("Ca_cyt", "6 amol")).jump_values.tolist() == [6.0]


def test_a_bolus_in_units_of_concentration_raises_the_concentration():
    plan = build(doses=dose("Ca_cyt", "100 nM"))
    assert rows(plan) == [(0.0, JumpOp.ADD_STATE, "Ca_cyt", 0.1)]
    assert plan.jumps.scale.tolist() == [-1]


def test_amounts_are_never_divided():
    for name in ("copies", "swelling"):
        plan = build(doses=dose(name, "3 amol"))
        assert rows(plan) == [(0.0, JumpOp.ADD_STATE, name, 3.0)]
        assert plan.jumps.scale.tolist() == [-1]


def test_a_bolus_into_a_parameter_raises_it():
    assert rows(build(doses=dose("L3", "1 uM", time=5))) == [(5.0, JumpOp.ADD_PARAMETER, "L3", 1.0)]


def test_doses_repeat_until_the_run_ends():
    plan = build(doses=dose("Ca_cyt", 1.0, time=10, ii=30, addl=9))
    assert [row[0] for row in rows(plan)] == [10.0, 40.0, 70.0, 100.0]
    plan = build(doses=dose("Ca_cyt", 1.0, time=10, ii="0.5 min", addl=1))
    assert [row[0] for row in rows(plan)] == [10.0, 40.0]


def test_an_infusion_is_a_rate_switched_on_and_off():
    expected = [
        (10.0, JumpOp.ADD_RATE, "Ca_cyt", 0.5), (30.0, JumpOp.ADD_RATE, "Ca_cyt", -0.5),
    ]  # fmt: skip
    by_duration = build(doses=dose("Ca_cyt", 10.0, time=10, dur=20))
    by_rate = build(doses=dose("Ca_cyt", 10.0, time=10, rate="30 amol/min"))
    assert rows(by_duration) == expected
    assert rows(by_rate) == expected
    assert by_rate.jumps.scale.tolist() == [INDEX.position("cyt")] * 2


def test_an_infusion_that_outlasts_the_run_is_not_taken_back():
    assert len(build(doses=dose("Ca_cyt", 10.0, time=90, dur=20)).jumps) == 1


def test_settings_come_before_doses_of_the_same_instant():
    plan = build(doses=[dose("copies", 1.0), {"Ca_cyt": 1.0}])
    assert [row[1] for row in rows(plan)] == [SET_STATE, HOLD, JumpOp.ADD_STATE]


@pytest.mark.parametrize(
    ("doses", "error", "word"),
    [
        ({"Ca_cty": 1}, UnknownNameError, "Ca_cty"),
        ({"tunicamycin": -1}, PlanError, "0 or more"),
        ({"tunicamycin": "-1 ug/mL"}, PlanError, "negative"),
        ({"tunicamycin": "1 uM"}, UnitError, "tunicamycin"),
        ({"tunicamycin": "much"}, PlanError, "number"),
        ({"S1R_free": 1}, PlanError, "worked out"),
        ({"swelling": 1}, PlanError, "cannot be held"),
        (dose("Ca_cyt", "1 ug"), UnitError, "Ca_cyt"),
        (dose("Ca_cyt", 1, time=200), PlanError, "never given"),
        (dose("L1", 1, dur=3), PlanError, "parameter"),
        (dose("Ca_cyt", "1 uM", rate="1 amol/s"), PlanError, "both"),
        ([dose("Ca_cyt", 1), {"Ca_cyt": 1}], PlanError, "held at a level"),
        (dose("Ca_cyt", 1, ii="1e-9 s", addl=10**9), PlanError, "too many"),
        (dose("Ca_cyt", "-1 amol"), PlanError, "negative"),
        (dose("Ca_cyt", 1, dur="0 s"), PlanError, "above 0"),
    ],
)
def test_bad_doses_are_refused(doses, error, word):
    with pytest.raises(error, match=word):
        build(doses=doses)


# Protocols ---------------------------------------------------------------------------------------


def test_a_phase_holds_and_goes_back():
    plan = build(protocol=[phase(10), phase(20, parameters={"k_on": 5.0}), washout()])
    assert rows(plan) == [(10.0, SET, "k_on", 5.0), (30.0, SET, "k_on", 0.3)]


def test_a_phase_goes_back_to_the_call_level_dose():
    plan = build(
        doses={"tunicamycin": 1.0}, protocol=[phase(10), phase(20, doses={"tunicamycin": 4.0})]
    )
    assert rows(plan) == [
        (0.0, SET, "tunicamycin", 1.0), (10.0, SET, "tunicamycin", 4.0),
        (30.0, SET, "tunicamycin", 1.0),
    ]  # fmt: skip


def test_a_phase_goes_back_to_the_runs_own_parameter():
    plan = build(parameters={"k_on": 8.0}, protocol=[phase(10, parameters={"k_on": 5.0})])
    assert rows(plan) == [(0.0, SET, "k_on", 5.0), (10.0, SET, "k_on", 8.0)]


def test_phases_that_follow_each_other_jump_once():
    plan = build(
        protocol=[phase(10, parameters={"k_on": 5.0}), phase(10, parameters={"k_on": 6.0})],
        times=20,
    )
    assert rows(plan) == [(0.0, SET, "k_on", 5.0), (10.0, SET, "k_on", 6.0)]


def test_a_phase_at_the_end_of_the_run_is_not_taken_back():
    assert len(build(protocol=[phase(100, parameters={"k_on": 5.0})]).jumps) == 1
    assert len(build(protocol=[phase(500, parameters={"k_on": 5.0})]).jumps) == 1


def test_a_species_held_in_a_phase_is_let_go():
    plan = build(protocol=[phase(10, doses={"Ca_cyt": 1.0}), phase(10)])
    assert rows(plan) == [
        (0.0, SET_STATE, "Ca_cyt", 1.0), (0.0, HOLD, "Ca_cyt", 1.0), (10.0, HOLD, "Ca_cyt", 0.0),
    ]  # fmt: skip


def test_a_species_held_throughout_stays_held_between_levels():
    plan = build(doses={"Ca_cyt": 0.5}, protocol=[phase(10), phase(10, doses={"Ca_cyt": 1.0})])
    assert rows(plan) == [
        (0.0, SET_STATE, "Ca_cyt", 0.5), (0.0, HOLD, "Ca_cyt", 1.0),
        (10.0, SET_STATE, "Ca_cyt", 1.0), (20.0, SET_STATE, "Ca_cyt", 0.5),
    ]  # fmt: skip


def test_doses_in_a_phase_count_from_its_start():
    plan = build(protocol=[phase(30), phase("1 min", doses=dose("Ca_cyt", 1.0, time=5))])
    assert rows(plan) == [(35.0, JumpOp.ADD_STATE, "Ca_cyt", 1.0)]


def test_repeats_stop_with_their_phase():
    plan = build(protocol=[phase(30, doses=dose("Ca_cyt", 1.0, ii=10, addl=9)), washout()])
    assert [row[0] for row in rows(plan)] == [0.0, 10.0, 20.0]


def test_a_condition_holds_during_its_phase():
    stressed = Condition(name="stressed", parameters={"k_on": 2.0, "Vm": -20.0})
    plan = build(
        protocol=[phase(10, condition="stressed", parameters={"k_on": 3.0})],
        conditions={"stressed": stressed},
    )
    assert rows(plan)[:2] == [(0.0, SET, "k_on", 3.0), (0.0, SET, "Vm", -20.0)]


def test_the_equilibration_sees_parameters_but_not_doses():
    plan = build(
        parameters={"k_on": 4.0}, doses={"tunicamycin": 1.0},
        protocol=[equilibrate(parameters={"Vm": -40.0}, doses={"Ca_cyt": 0.3})],
    )  # fmt: skip
    assert start(plan, "k_on") == 4.0
    assert start(plan, "tunicamycin") == 0.0
    assert plan.rest is not None
    assert plan.rest.op.tolist() == [SET, SET_STATE, HOLD]
    assert plan.rest_values.tolist() == [-40.0, 0.3, 1.0]
    # At t = 0 what the equilibration set goes back, and the dose begins.
    assert rows(plan) == [
        (0.0, SET, "tunicamycin", 1.0), (0.0, SET, "Vm", -60.0), (0.0, HOLD, "Ca_cyt", 0.0),
    ]  # fmt: skip


def test_a_plain_equilibration_has_no_rows():
    plan = build(protocol=[equilibrate()])
    assert plan.rest is not None
    assert len(plan.rest) == 0
    assert len(plan.jumps) == 0


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"protocol": [phase(10, parameters={"Ca_cyt": 1.0})]}, "hold it by doses"),
        ({"protocol": [phase(10, parameters={"k_on": 1}, doses={"k_on": 2})]}, "twice"),
        ({"protocol": [phase(100), phase(10)]}, "never begins"),
        ({"protocol": [phase("0 s")]}, "above 0"),
        ({"protocol": [phase(10, parameters={"V_max": 2.0})]}, "worked out"),
        ({"protocol": [equilibrate(doses=dose("Ca_cyt", 1.0))]}, "clock"),
        ({"protocol": [phase(10, doses=dose("Ca_cyt", 1.0, time=20))]}, "never given"),
        ({"times": None, "protocol": [washout()]}, "no end"),
        (
            {"protocol": [phase(10, condition=Condition(name="c", initial={"Ca_cyt": 1}))]},
            "initial values",
        ),
    ],
)
def test_bad_protocols_are_refused(given, word):
    with pytest.raises(PlanError, match=word):
        build(**given)


def test_a_worked_out_parameter_may_be_phased_once_it_is_given():
    plan = build(parameters={"V_max": 1.0}, protocol=[phase(10, parameters={"V_max": 2.0})])
    assert rows(plan)[-1] == (10.0, SET, "V_max", 1.0)


# Ligands -----------------------------------------------------------------------------------------


def test_a_ligand_takes_a_slot_and_brings_its_constants():
    plan = build(doses={"Pentazocine": "1 nM", "ne100": 2.0})
    assert rows(plan) == [(0.0, SET, "L1", 0.001), (0.0, SET, "L2", 2.0)]
    assert (start(plan, "Kd_L1"), start(plan, "alpha_L1"), start(plan, "kon_L1")) == (
        0.004, 60.0, 0.25,
    )  # fmt: skip
    assert start(plan, "L1") == 0.0
    assert plan.ligands == (("L1", "(+)-pentazocine"), ("L2", "NE-100"))


def test_a_slot_set_by_id_is_taken_and_its_constants_may_be_overridden():
    plan = build(doses={"L1": 1.0, "PRE-084": 1.0}, parameters={"alpha_L2": 5.0})
    assert plan.ligands == (("L2", "PRE-084"),)
    assert start(plan, "alpha_L2") == 5.0
    assert start(plan, "Kd_L2") == 0.01


def test_spellings_of_one_ligand_share_a_slot():
    plan = build(doses={"(+)-pentazocine": 1.0}, protocol=[phase(10, doses={"PENTAZOCINE": 2.0})])
    assert plan.ligands == (("L1", "(+)-pentazocine"),)
    assert [row[3] for row in rows(plan)] == [2.0, 1.0]


def test_a_fifth_ligand_is_refused():
    with pytest.raises(PlanError, match="no slot is left for DMT") as caught:
        build(doses=dict.fromkeys(("pentazocine", "NE-100", "PRE-084", "DHEA-S", "DMT"), 1.0))
    assert "four" in caught.value.expected
    with pytest.raises(PlanError, match="no slot"):
        build(doses={"L4": 1.0, **dict.fromkeys(("pentazocine", "NE-100", "PRE-084", "DMT"), 1.0)})


def test_a_model_without_slots_says_so():
    bare = index(parameters=[])
    with pytest.raises(PlanError, match="no ligand slots") as caught:
        build_plan(bare, times=1.0, doses={"pentazocine": 1.0}, ligands=LIGANDS)
    assert caught.value.where == "model small"


def test_an_unknown_ligand_names_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        build(doses={"pentazocin": 1.0})
    assert "pentazocine" in caught.value.suggestions


# Axes --------------------------------------------------------------------------------------------


def test_axes_span_the_runs_in_the_order_given():
    plan = build(axes={"k_on": [1.0, 2.0, 3.0], "tunicamycin": ["0 ug/mL", "2 ug/mL"]})
    assert plan.shape == (3, 2)
    assert plan.n_runs == 6
    assert [(start(plan, "k_on", i), rows(plan, i)[0][3]) for i in range(6)] == [
        (1.0, 0.0), (1.0, 2.0), (2.0, 0.0), (2.0, 2.0), (3.0, 0.0), (3.0, 2.0),
    ]  # fmt: skip
    assert [axis.unit for axis in plan.axes] == ["1/s", "ug/mL"]


def test_chunks_do_not_depend_on_where_they_begin():
    plan = build(axes={"k_on": np.arange(1.0, 8.0), "pentazocine": np.geomspace(0.1, 10, 9)})
    whole = plan.chunk(0, plan.n_runs)
    for lo in range(0, plan.n_runs, 10):
        part = plan.chunk(lo, min(lo + 10, plan.n_runs))
        assert np.array_equal(part.start, whole.start[lo : lo + 10], equal_nan=True)
        assert np.array_equal(part.jump_values, whole.jump_values[lo : lo + 10])


def test_an_axis_over_an_input_or_ligand_holds_from_zero_not_in_the_equilibration():
    plan = build(
        axes={"tunicamycin": [1.0, 2.0], "pentazocine": ["1 nM"]}, protocol=[equilibrate()]
    )
    assert start(plan, "tunicamycin", 1) == 0.0
    assert rows(plan, 1) == [(0.0, SET, "tunicamycin", 2.0), (0.0, SET, "L1", 0.001)]
    assert [a.name for a in plan.axes] == ["tunicamycin", "pentazocine"]


def test_an_axis_over_a_gene_dose_describes_the_cell_from_the_start():
    """An input that is 1 by default is the cell's own: it holds in the equilibration too."""
    system = System()
    system.parameters.append(Q(id="S1R_expression", value=1.0, unit="1"))
    named = NameIndex.from_system(system, inputs=("S1R_expression", "tunicamycin"))
    assert named.inputs == {"tunicamycin"}
    axes = {"S1R_expression": [0.0, 3.0]}
    plan = build_plan(named, times=10.0, axes=axes, protocol=[equilibrate()])
    assert len(plan.jumps) == 0
    assert plan.chunk(0, 2).start[:, named.position("S1R_expression")].tolist() == [0.0, 3.0]


def test_an_axis_over_a_parameter_holds_in_the_equilibration_too():
    plan = build(axes={"k_on": [1.0, 2.0]}, protocol=[equilibrate(parameters={"k_on": 9.0})])
    # Set by the equilibration: then the axis drives the value there.
    assert plan.chunk(1, 2).rest_values.tolist() == [[2.0]]
    plan = build(axes={"k_on": [1.0, 2.0]}, protocol=[equilibrate()])
    assert start(plan, "k_on", 1) == 2.0
    assert len(plan.jumps) == 0


def test_an_axis_over_a_species_is_its_initial_value():
    plan = build(axes={"Ca_cyt": ["100 nM", "200 nM"]})
    assert [start(plan, "Ca_cyt", i) for i in (0, 1)] == [0.1, 0.2]


def test_an_axis_replaces_the_call_level_dose():
    plan = build(axes={"pentazocine": [1.0, 2.0]}, doses={"(+)-pentazocine": 7.0, "NE-100": 3.0})
    assert rows(plan, 1) == [(0.0, SET, "L1", 2.0), (0.0, SET, "L2", 3.0)]


def test_an_axis_drives_the_phases_that_set_its_name():
    plan = build(
        axes={"tunicamycin": [1.0, 2.0]},
        protocol=[phase(10), phase(10, doses={"tunicamycin": 9.0}), phase(10)],
    )
    assert rows(plan, 1) == [(10.0, SET, "tunicamycin", 2.0), (20.0, SET, "tunicamycin", 0.0)]


def test_a_phase_goes_back_to_the_axis_value():
    """An ensemble draws k_on; a phase sets it; each member goes back to its own value."""
    plan = build(
        protocol=[phase(10, parameters={"k_on": 9.0})],
        ensemble=ensemble(members={"k_on": [1.0, 2.0]}),
    )
    assert [rows(plan, i)[-1] for i in range(3)] == [
        (10.0, SET, "k_on", 0.3), (10.0, SET, "k_on", 1.0), (10.0, SET, "k_on", 2.0),
    ]  # fmt: skip


def test_an_axis_drives_the_amount_of_scheduled_doses():
    plan = build(
        axes={"Ca_cyt": ["2 amol", "4 amol"]}, doses=dose("Ca_cyt", 1.0, ii=40, addl=1, dur=20)
    )
    assert [row[3] for row in rows(plan, 1)] == [0.2, -0.2, 0.2, -0.2]
    assert plan.axes[0].unit == "amol"


@pytest.mark.parametrize(
    ("given", "error", "word"),
    [
        ({"axes": {"k_on": []}}, PlanError, "one value or more"),
        ({"axes": {"k_on": [1.0, math.nan]}}, PlanError, "finite"),
        ({"axes": {"k_on": [1.0, 2.0, 1.0]}}, PlanError, "twice"),
        ({"axes": {"pentazocine": ["1 nM", 0.001]}}, PlanError, "twice"),
        ({"axes": {"k_on": ["1 uM"]}}, UnitError, "k_on"),
        ({"axes": {"k_on": 3.0}}, PlanError, "list"),
        ({"axes": {"k_on": "1,2"}}, PlanError, "list"),
        ({"axes": {"k_on": [[1.0]]}}, PlanError, "list"),
        ({"axes": {"k_onn": [1.0]}}, UnknownNameError, "k_onn"),
        ({"axes": {"tunicamycin": [-1.0, 1.0]}}, PlanError, "negative"),
        ({"axes": {"pentazocine": [1.0], "(+)-pentazocine": [2.0]}}, PlanError, "two axes"),
        ({"axes": {"k_on": [1.0]}, "parameters": {"k_on": 2.0}}, PlanError, "both"),
        ({"axes": {"Ca_cyt": [1.0]}, "initial": {"Ca_cyt": 2.0}}, PlanError, "both"),
        (
            {"axes": {"Ca_cyt": ["1 uM"]}, "doses": dose("Ca_cyt", "1 amol")},
            PlanError, "both be amounts",
        ),
        (
            {"axes": {"Ca_cyt": [1.0]}, "doses": dose("Ca_cyt", 1.0, rate=1.0)},
            PlanError, "dur instead of rate",
        ),
    ],
)  # fmt: skip
def test_bad_axes_are_refused(given, error, word):
    with pytest.raises(error, match=word):
        build(**given)


def test_a_voltage_axis_may_be_negative():
    plan = build(axes={"Vm": ["-80 mV", "20 mV"]})
    assert start(plan, "Vm") == -80.0


def test_a_million_runs_cost_no_memory():
    tracemalloc.start()
    plan = build(
        axes={"k_on": np.arange(1.0, 1001.0), "pentazocine": np.geomspace(1e-3, 1, 1000)},
        protocol=[equilibrate(), phase(10), phase(10, doses={"tunicamycin": 1.0})],
        readouts=["peak(Ca_cyt)"],
    )
    assert plan.n_runs == 10**6
    last = plan.chunk(999_744, 10**6)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert last.start[-1, INDEX.position("k_on")] == 1000.0
    assert last.jump_values[-1].tolist() == [1.0, 1.0, 0.0]
    assert most < 10e6


# Ensembles ---------------------------------------------------------------------------------------


def test_members_come_first_and_the_nominal_one_leads():
    ranges = [ParameterRange(id="k_on", nominal=0.3, low=0.1, high=1.0)]
    plan = build(axes={"tunicamycin": [0.0, 1.0]}, ensemble=ensemble(4, ranges=ranges, seed=3))
    assert plan.shape == (5, 2)
    assert plan.axes[0].name == "member"
    assert plan.axes[0].coordinates.tolist() == [0, 1, 2, 3, 4]
    drawn = [start(plan, "k_on", i) for i in range(0, 10, 2)]
    assert drawn[0] == 0.3
    assert all(0.1 <= value <= 1.0 for value in drawn)
    assert len(set(drawn)) == 5
    assert plan.seed == 3


def test_what_the_user_sets_is_not_drawn():
    ranges = [
        ParameterRange(id="k_on", nominal=0.3, low=0.1, high=1.0),
        ParameterRange(id="Vm", nominal=-60.0, low=-70.0, high=-50.0),
    ]
    plan = build(
        axes={"Vm": [-10.0]}, parameters={"k_on": 8.0}, ensemble=ensemble(3, ranges=ranges)
    )
    assert {start(plan, "k_on", i) for i in range(4)} == {8.0}
    assert {start(plan, "Vm", i) for i in range(4)} == {-10.0}


def test_ligands_are_drawn_from_their_own_ranges():
    ranges = [ParameterRange(id="Kd_L1", nominal=0.0038, low=1e-9, high=1e-8)]
    plan = build(doses={"pentazocine": 1.0}, ensemble=ensemble(20, ranges=ranges))
    drawn = [start(plan, "Kd_L1", i) for i in range(1, 21)]
    assert start(plan, "Kd_L1", 0) == 0.004
    assert all(0.002 <= value <= 0.008 for value in drawn)
    assert all(60.0 <= start(plan, "alpha_L1", i) <= 120.0 for i in range(1, 21))


def test_an_ensemble_over_an_unknown_parameter_is_refused():
    with pytest.raises(UnknownNameError):
        build(ensemble=ensemble(members={"k_onn": [1.0]}))


# Observables and readouts ------------------------------------------------------------------------


def test_formulas_are_parsed_and_their_units_worked_out():
    texts = ["S1R_free / Ca_cyt", "[Ca_cyt] * 2", "amount(Ca_cyt)", "J_SERCA / cyt", "time",
             "Ca_cyt + k_on"]  # fmt: skip
    plan = build(observables=texts)
    assert [o.name for o in plan.recorded] == texts
    assert [o.unit for o in plan.recorded] == ["1", "uM", "amol", "uM/s", "s", ""]


def test_observables_are_named_in_words():
    named = NameIndex.from_system(System(), long_names={"Ca_cyt": "free cytosolic Ca2+"})
    plan = build_plan(named, times=1.0, observables=["Ca_cyt", "XBP1s", "2 * Ca_cyt"])
    assert [o.long_name for o in plan.recorded] == [
        "free cytosolic Ca2+", "XBP1s", "2 * Ca_cyt",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("observables", "error"),
    [
        (["Ca_cty"], UnknownNameError), (["Ca_cyt + Ca_cty"], UnknownNameError),
        (["Ca_cyt +"], ParseError), ([3], PlanError), ([""], PlanError),
        (["__import__('os')"], (ParseError, UnknownNameError)),
        (["frobnicate(Ca_cyt)"], (ParseError, UnknownNameError)),
    ],
)  # fmt: skip
def test_bad_observables_are_refused(observables, error):
    with pytest.raises(error):
        build(observables=observables)


def test_readouts_alone_keep_no_trajectories():
    plan = build(readouts={"p": "peak(Ca_cyt)"})
    assert not plan.keep_trajectories
    assert plan.n_recorded == 0
    both = build(readouts={"p": "peak(Ca_cyt)"}, observables=["XBP1s"], keep_trajectories=True)
    assert [o.name for o in both.outputs] == ["XBP1s", "Ca_cyt"]
    assert both.n_recorded == 1


def test_readouts_become_rows():
    plan = build(
        readouts={
            "a": peak("Ca_cyt", after="0.5 min", until=60),
            "b": at("XBP1s", "1 min"),
            "c": threshold_time("Ca_cyt", "200 nM"),
            "d": auc("Ca_cyt"),
        }
    )
    rows_ = plan.reducers
    assert [ReducerOp(op) for op in rows_.op] == [
        ReducerOp.PEAK, ReducerOp.AT, ReducerOp.THRESHOLD_TIME, ReducerOp.AUC,
    ]  # fmt: skip
    assert [plan.outputs[i].name for i in rows_.output] == ["Ca_cyt", "XBP1s", "Ca_cyt", "Ca_cyt"]
    assert rows_.after.tolist() == [30.0, 60.0, 0.0, 0.0]
    assert rows_.until.tolist() == [60.0, 60.0, 100.0, 100.0]
    assert rows_.level[2] == 0.2
    assert [r.unit for r in plan.readouts] == ["uM", "uM", "s", "uM s"]


def test_folds_divide_by_what_would_have_been():
    plan = build(
        readouts=["fold(peak(Ca_cyt, after=20))", "fold(auc(Ca_cyt, after=20))",
                  "fold(at(Ca_cyt, 50))", "peak(Ca_cyt, after=20)"]
    )  # fmt: skip
    # Shared rows: peak, START at 20, auc, at, START at 0.
    assert len(plan.reducers) == 5
    by_name = {}
    for i, (op, after) in enumerate(zip(plan.reducers.op, plan.reducers.after, strict=True)):
        by_name[ReducerOp(op), float(after)] = i
    reduced = np.zeros((2, 5))
    reduced[:, by_name[ReducerOp.PEAK, 20.0]] = 6.0
    reduced[:, by_name[ReducerOp.AUC, 20.0]] = 480.0
    reduced[:, by_name[ReducerOp.AT, 50.0]] = 5.0
    reduced[0, by_name[ReducerOp.START, 20.0]] = 2.0
    reduced[0, by_name[ReducerOp.START, 0.0]] = 1.0
    values = plan.combine(reduced)
    # 480 over 80 s at the level 2 is 480 / 160.
    assert values[0].tolist() == [3.0, 3.0, 5.0, 6.0]
    assert np.isnan(values[1, :3]).all()
    assert values[1, 3] == 6.0
    assert [r.unit for r in plan.readouts] == ["1", "1", "1", "uM"]


def test_a_readout_is_named_as_it_was_typed():
    typed = "peak( Ca_cyt , after=20)"
    assert [r.name for r in build(readouts=[typed, fold(auc("Ca_cyt"))]).readouts] == [
        typed, "fold(auc(Ca_cyt))",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("readouts", "error"),
    [
        (["peak(Ca_cty)"], UnknownNameError),
        (["peek(Ca_cyt)"], UnknownNameError),
        (["peak(Ca_cyt, after=60, until=30)"], PlanError),
        (["peak(Ca_cyt, after=30, until=30)"], PlanError),
        (["peak(Ca_cyt, until=200)"], PlanError),
        (["at(Ca_cyt, 101)"], PlanError),
        (["at(Ca_cyt, 1 uM)"], UnitError),
        (["at(Ca_cyt, -1 s)"], PlanError),
        (["threshold_time(Ca_cyt, 1 s)"], UnitError),
        (["peak(Ca_cyt)", "peak(Ca_cyt)"], PlanError),
        ({"Ca_cyt": "peak(Ca_cyt)"}, PlanError),
        ([3], PlanError),
    ],
)
def test_bad_readouts_are_refused(readouts, error):
    with pytest.raises(error):
        build(readouts=readouts, observables=["Ca_cyt"], keep_trajectories=True)


# Slots that are species, arguments that are nothing ----------------------------------------------


def test_a_slot_may_be_a_species():
    system = System()
    parameters = [q for q in system.parameters if q.id != "L1"]
    free = Q(id="L1", kind="species", value=0.0, unit="uM", volume="cyt")
    other = index(parameters=parameters, states=[*system.states, free])
    place = len(system.states)
    held = build_plan(other, times=10.0, doses={"pentazocine": "10 nM"}, ligands=LIGANDS)
    assert list(zip(held.jumps.op, held.jumps.index, held.jump_values, strict=True)) == [
        (SET_STATE, place, 0.01), (HOLD, place, 1.0),
    ]  # fmt: skip
    given = build_plan(other, times=10.0, doses=dose("pentazocine", "1 uM", dur=5), ligands=LIGANDS)
    assert given.jumps.op.tolist() == [JumpOp.ADD_RATE, JumpOp.ADD_RATE]
    assert given.jump_values.tolist() == [0.2, -0.2]
    swept = build_plan(other, times=10.0, axes={"NE-100": [0.0, 1.0]}, ligands=LIGANDS)
    assert swept.chunk(1, 2).jump_values.tolist() == [[1.0, 1.0]]


def test_a_slot_without_an_affinity_is_refused():
    parameters = [q for q in System().parameters if q.id != "Kd_L1"]
    with pytest.raises(PlanError, match="Kd_L1"):
        build_plan(index(parameters=parameters), times=1.0, doses={"NE-100": 1.0}, ligands=LIGANDS)


@pytest.mark.parametrize(
    "given",
    [
        {"parameters": ["k_on"]}, {"axes": ["k_on"]}, {"initial": 3}, {"protocol": 3},
        {"readouts": 3}, {"doses": 3}, {"axes": {3: [1.0]}}, {"doses": {3: 1.0}},
        {"condition": "rgc"}, {"condition": 3}, {"observables": [3]}, {"observables": 3},
    ],
)  # fmt: skip
def test_arguments_of_the_wrong_kind_are_typed_errors(given):
    with pytest.raises((PlanError, UnknownNameError)):
        build(**given)
