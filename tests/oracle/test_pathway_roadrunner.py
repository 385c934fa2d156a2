"""s1r_mam exported as SBML and run by libRoadRunner, beside our own run: every species, all along.

libRoadRunner shares no code with us behind the SBML text: its own reader, LLVM back end and CVODE.
The experiment itself (rest, doses, stresses, phases) is written into the SBML by ``to_sbml``.
"""

from __future__ import annotations

import numpy as np
import pytest

import sigmapath as sp

DAY = 86400.0
RTOL = 1e-10
# A species that nothing makes in an experiment is exactly 0 with us and rounding noise there; one
# molecule in the cell is 1e-6 uM.
NOTHING = 1e-20

AGONIST = "(+)-pentazocine"
IP3_PULSE = [
    sp.phase("1 h"),
    sp.phase("1 min", doses={"IP3_stimulus": "0.2 uM"}),
    sp.phase("1 h"),
]
EXPERIMENTS = {
    "start values": {},
    "rest": {"protocol": [sp.equilibrate()]},
    "dose": {"protocol": [sp.equilibrate()], "doses": {AGONIST: "100 nM"}},
    "tunicamycin": {"protocol": [sp.equilibrate()], "doses": {"tunicamycin": "1 ug/mL"}},
    "thapsigargin": {"protocol": [sp.equilibrate()], "doses": {"thapsigargin": "1 uM"}},
    "H2O2": {"protocol": [sp.equilibrate()], "doses": {"H2O2": "50 uM"}},
    "DTT": {"protocol": [sp.equilibrate()], "doses": {"DTT": "1 mM"}},
    "IP3 pulse": {"protocol": [sp.equilibrate(), *IP3_PULSE]},
    "everything": {
        "condition": "s1r_oe",
        "parameters": {"kon_L1": 20.0},
        "protocol": [sp.equilibrate(doses={"haloperidol": "10 nM"}), *IP3_PULSE],
        "doses": [
            {AGONIST: "1 uM", "tunicamycin": 2.0},
            sp.dose("misfolded", "5 uM", time="30 min"),
        ],
    },
}


@pytest.fixture(scope="module")
def roadrunner():
    library = pytest.importorskip("roadrunner", reason="libroadrunner is not installed")
    library.Logger.setLevel(library.Logger.LOG_ERROR)
    # The optimising compiler takes eight seconds a model and changes no digit that counts here.
    library.Config.setValue(library.Config.LLVM_BACKEND, library.Config.LLJIT)
    library.Config.setValue(library.Config.LLJIT_OPTIMIZATION_LEVEL, 0)
    return library


@pytest.fixture(scope="module")
def model():
    return sp.load("s1r_mam")


def run_elsewhere(roadrunner, text, species, times):
    rr = roadrunner.RoadRunner(text)
    rr.integrator.relative_tolerance = RTOL
    rr.integrator.absolute_tolerance = 1e-14
    rr.integrator.maximum_num_steps = 1_000_000
    rr.timeCourseSelections = [
        name if record.has_only_substance_units else f"[{name}]" for name, record in species.items()
    ]
    return np.array(rr.simulate(times=times.tolist()))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_species_agrees_over_the_whole_time_course(model, roadrunner, name):
    experiment = EXPERIMENTS[name]
    species = {record.id: record for record in model.network.species}
    end = 7260.0 if len(experiment.get("protocol", ())) > 1 else DAY
    times = np.unique(np.concatenate([np.linspace(0.0, end, 121), np.geomspace(1.0, end, 40)]))
    # Rising and falling edges are compared at their sides: which of two values belongs to the very
    # instant differs between simulators.
    times = times[~np.isin(times, [1800.0, 3600.0, 3660.0])]
    data = model.simulate(times, observables=list(species), rtol=RTOL, atol=1e-14, **experiment)
    assert int(data.status) == 0
    theirs = run_elsewhere(roadrunner, model.to_sbml(**experiment), species, times)
    for column, id_ in enumerate(species):
        ours, other = data[id_].values, theirs[:, column]
        bound = 1e-6 * np.abs(other) + 1e-9 * np.max(np.abs(other)) + NOTHING
        worst = int(np.argmax(np.abs(ours - other) / bound))
        assert abs(ours[worst] - other[worst]) <= bound[worst], (
            f"{id_} at {times[worst]:g} s: {ours[worst]!r} and {other[worst]!r}"
        )


def test_the_experiments_do_something(model):
    """The agreement above is not between models in which nothing moves."""
    moved = {
        "dose": "S1R_released",
        "tunicamycin": "XBP1s",
        "thapsigargin": "Ca_er",
        "H2O2": "NRF2_nuc",
        "DTT": "misfolded",
        "IP3 pulse": "Ca_mito",
    }
    for name, observable in moved.items():
        end = 7260.0 if name == "IP3 pulse" else DAY
        data = model.simulate(end, observables=[observable], **EXPERIMENTS[name])
        values = data[observable].values
        assert np.ptp(values) > 0.1 * values[0], name
