"""Random draws of the SBML package distrib in whole models."""

import math

import numpy as np
import pytest
from scipy import stats

import sigmapath as sp
from sigmapath.errors import UnsupportedFeatureError
from sigmapath.io.load import network_from_sbml
from sigmapath.io.sbml.write import network_to_sbml
from sigmapath.status import Status

SBML = "http://www.sbml.org/sbml/level3"
MATHML = "http://www.w3.org/1998/Math/MathML"
SYMBOL = (
    "<csymbol encoding='text' definitionURL='http://www.sbml.org/sbml/symbols/{0}'> x </csymbol>"
)
TIME = SYMBOL.format("time")


def draw(name, *args):
    cells = "".join(f"<cn>{a}</cn>" if isinstance(a, int | float) else a for a in args)
    return f"<apply>{SYMBOL.format(f'distrib/{name}')}{cells}</apply>"


def math_of(text):
    return f"<math xmlns='{MATHML}'>{text}</math>"


def model_text(*, parameters, starts="", rules="", events=""):
    ids = "".join(f"<parameter id='{p}' value='0' constant='false'/>" for p in parameters)

    def group(tag, content):
        return f"<{tag}>{content}</{tag}>" if content else ""

    return (
        f"<sbml xmlns='{SBML}/version2/core' level='3' version='2' "
        f"xmlns:distrib='{SBML}/version1/distrib/version1' distrib:required='true'><model id='m'>"
        + group("listOfParameters", ids)
        + group("listOfInitialAssignments", starts)
        + group("listOfRules", rules)
        + group("listOfEvents", events)
        + "</model></sbml>"
    )


def start(name, text):
    return f"<initialAssignment symbol='{name}'>{math_of(text)}</initialAssignment>"


def event(at, assignments, *, delay="", values="true"):
    trigger = math_of(f"<apply><geq/>{TIME}<cn>{at}</cn></apply>")
    made = "".join(
        f"<eventAssignment variable='{v}'>{math_of(t)}</eventAssignment>" for v, t in assignments
    )
    return (
        f"<event useValuesFromTriggerTime='{values}'>"
        f"<trigger initialValue='false' persistent='true'>{trigger}</trigger>"
        + (f"<delay>{math_of(delay)}</delay>" if delay else "")
        + f"<listOfEventAssignments>{made}</listOfEventAssignments></event>"
    )


def run(text, names, times, n=3000, seed=1):
    data = sp.from_sbml(text).simulate(
        times, method="ssa", replicates=n, seed=seed, observables=names
    )
    assert (data.status == 0).all()
    return [data[name].values for name in names]


def test_initial_draws_may_rest_on_each_other():
    """y ~ normal(x, 0.5) with x ~ uniform(2, 4): mean 3, variance 1/3 + 1/4."""
    text = model_text(
        parameters=["x", "y"],
        starts=start("y", draw("normal", "<ci>x</ci>", 0.5)) + start("x", draw("uniform", 2, 4)),
    )
    x, y = (v[:, 0] for v in run(text, ["x", "y"], [0.0, 1.0]))
    assert stats.kstest(x, stats.uniform(2, 2).cdf).pvalue > 1e-3
    assert stats.kstest((y - x) / 0.5, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(x, y - x)[0, 1]) < 0.07


def test_every_place_is_a_draw_of_its_own():
    """normal - normal has the variance 2 and is not 0; a nested draw is a compound law."""
    one = draw("normal", 0, 1)
    text = model_text(
        parameters=["d", "k"],
        events=event(
            1,
            [
                ("d", f"<apply><minus/>{one}{one}</apply>"),
                ("k", draw("poisson", draw("exponential", 0.25))),
            ],
        ),
    )
    d, k = (v[:, 1] for v in run(text, ["d", "k"], [0.0, 1.0]))
    assert stats.kstest(d / math.sqrt(2), "norm").pvalue > 1e-3
    # Poisson with an exponential mean of 4 is geometric: mean 4, variance 4 + 16.
    assert abs(k.mean() - 4) < 4.5 * math.sqrt(20 / len(k))
    law = stats.geom(1 / 5, loc=-1)
    observed = np.bincount(k.astype(int), minlength=12)[:12]
    expected = len(k) * law.pmf(np.arange(12))
    assert ((observed - expected) ** 2 / expected).sum() < stats.chi2.isf(1e-4, 12)


def test_random_delays_and_repeated_firings():
    text = model_text(
        parameters=["a", "b"],
        events=event(2, [("a", TIME)], delay=draw("exponential", 1.0), values="false")
        + "".join(event(at, [("b", draw("normal", 0, 1))]) for at in (1, 2)),
    )
    a, b = run(text, ["a", "b"], [1.0, 2.0, 60.0])
    assert stats.kstest(a[:, 2] - 2, "expon").pvalue > 1e-3
    assert abs(np.corrcoef(b[:, 0], b[:, 1])[0, 1]) < 0.07


def test_draws_keep_the_seed_and_differ_between_replicates():
    text = model_text(parameters=["x"], starts=start("x", draw("gamma", 2, 1)))
    (first,) = run(text, ["x"], [0.0], n=130)
    (again,) = run(text, ["x"], [0.0], n=65)
    assert first[:65].tobytes() == again.tobytes()
    assert len(np.unique(first)) == 130
    assert (run(text, ["x"], [0.0], n=130, seed=2)[0] != first).all()


def test_impossible_arguments_end_the_run():
    at_start = model_text(parameters=["x"], starts=start("x", draw("normal", 0, -1)))
    data = sp.from_sbml(at_start).simulate(1, method="ssa", observables=["x"])
    assert data.status == int(Status.BAD_START)
    later = model_text(parameters=["x"], events=event(1, [("x", draw("poisson", -1))]))
    data = sp.from_sbml(later).simulate(2, method="ssa", observables=["x"])
    assert data.status == int(Status.NOT_FINITE)
    assert np.isnan(data.x).all()


def test_draws_without_a_moment_are_refused():
    rule = f"<assignmentRule variable='x'>{math_of(draw('normal', 0, 1))}</assignmentRule>"
    model = sp.from_sbml(model_text(parameters=["x"], rules=rule))
    with pytest.raises(UnsupportedFeatureError, match="every instant"):
        model.simulate(1, method="ssa")


def test_deterministic_runs_refuse_draws_by_name():
    model = sp.from_sbml(model_text(parameters=["x"], starts=start("x", draw("gamma", 2, 1))))
    with pytest.raises(UnsupportedFeatureError, match=r"gamma\(\).*ssa"):
        model.simulate(1)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("uniform", (0, 1)),
        ("normal", (0, 1)),
        ("normal", (0, 1, -1, 2)),
        ("bernoulli", (0.5,)),
        ("binomial", (5, 0.5)),
        ("binomial", (5, 0.5, 1, 4)),
        ("cauchy", (2,)),
        ("cauchy", (1, 2, 0, 4)),
        ("chisquare", (3, 1, 4)),
        ("exponential", (3,)),
        ("gamma", (1, 2)),
        ("laplace", (1, 2)),
        ("lognormal", (1, 2)),
        ("poisson", (3,)),
        ("rayleigh", (3, 0, 1)),
    ],
)
def test_draws_survive_a_round_trip(name, args):
    network = network_from_sbml(model_text(parameters=["x"], starts=start("x", draw(name, *args))))
    math = network.initial_assignments[0].math
    assert (math.op, math.value, len(math.args)) == ("draw", name, len(args))
    again = network_from_sbml(network_to_sbml(network))
    assert again.initial_assignments[0].math is math


def test_uncertainties_are_left_aside_and_the_report_says_so(tmp_path):
    from sigmapath.io.load import read_network

    remark = (
        "<distrib:listOfUncertainties><distrib:uncertainty><distrib:uncertParameter "
        "distrib:type='mean' distrib:value='1'/></distrib:uncertainty>"
        "</distrib:listOfUncertainties>"
    )
    file = tmp_path / "m.xml"
    text = model_text(parameters=["x"])
    file.write_text(text.replace("constant='false'/>", f"constant='false'>{remark}</parameter>"))
    read = read_network(file)
    assert read.network.parameters[0].id == "x"
    assert any("distrib" in note for note in read.notes)
