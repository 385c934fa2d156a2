"""Hostile input: always a network or a typed error, never a crash, a hang or an executed string.

Inputs that could kill the process run in a process of their own, so that a crash is a failure
of one test.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sigmapath.errors import SigmapathError
from sigmapath.io.load import load_network, network_from_antimony, network_from_sbml

HEAD = '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">'
MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">'
RULE = (
    HEAD + '<model id="m"><listOfParameters><parameter id="x" constant="false"/></listOfParameters>'
    '<listOfRules><assignmentRule variable="x">' + MATH + "{}</math></assignmentRule></listOfRules>"
    "</model></sbml>"
)

SBML = (
    HEAD + '<model id="m"><listOfCompartments><compartment id="c" spatialDimensions="3" size="1" '
    'constant="true"/></listOfCompartments><listOfSpecies><species id="A" compartment="c" '
    'initialConcentration="1" hasOnlySubstanceUnits="false" boundaryCondition="false" '
    'constant="false"/></listOfSpecies><listOfParameters><parameter id="k" value="0.1" '
    'constant="true"/></listOfParameters><listOfReactions><reaction id="R" reversible="false">'
    '<listOfReactants><speciesReference species="A" stoichiometry="1" constant="true"/>'
    "</listOfReactants><kineticLaw>"
    + MATH
    + "<apply><times/><ci> k </ci><ci> A </ci></apply></math>"
    "</kineticLaw></reaction></listOfReactions><listOfEvents>"
    '<event useValuesFromTriggerTime="true">'
    '<trigger initialValue="true" persistent="true">'
    + MATH
    + '<apply><gt/><csymbol encoding="text" '
    'definitionURL="http://www.sbml.org/sbml/symbols/time"> t </csymbol><cn type="e-notation"> 1 '
    '<sep/> 2 </cn></apply></math></trigger><listOfEventAssignments><eventAssignment variable="A">'
    + MATH
    + "<cn> 3 </cn></math></eventAssignment></listOfEventAssignments></event></listOfEvents>"
    "</model></sbml>"
)

ANTIMONY = """// a model
function f(x, y)
  x^2/y
end
model *m()
  unit uM = 1e-6 mole/litre;
  compartment c = 1; species A in c = 1, $B in c = 2;
  k = 0.1; k has uM; k is "name"; k notes "text; source: x"
  R: 2 A -> B; c*k*f(A, 2)
  at 2 after (time > 3 && A < 1), priority = 1: A = A + 1
  w := piecewise(1, A > 2, 3); q' = -q; q = 1e-3
end
"""

N = 100_000
RISKY_XML = {
    "nested": RULE.format("<apply><minus/>" * N + "<ci>x</ci>" + "</apply>" * N),
    "wide": RULE.format("<apply><plus/>" + "<ci>x</ci>" * N + "</apply>"),
    "just not too wide": RULE.format("<apply><plus/>" + "<ci>x</ci>" * 19_999 + "</apply>"),
    "open elements": HEAD + "<model>" * N,
    "entities": '<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]>' + HEAD + "&d;</sbml>",
    "long id": HEAD + f'<model id="{"a" * 3_000_000}"/></sbml>',
    "long name": HEAD + f'<model id="m" name="{"a" * 900_000}"/></sbml>',
    "notes": HEAD
    + '<model id="m"><notes><p xmlns="http://www.w3.org/1999/xhtml">'
    + "<b>x</b>" * N
    + "</p></notes></model></sbml>",
}
RISKY_ANTIMONY = {
    "brackets": "x := " + "(" * N + "1" + ")" * N,
    "square": "[" * N,
    "curly": "{" * N,
    "minus": "x := " + "-" * N + "1",
    "not": "x := " + "!" * N + "1",
    "powers": "x := " + "^".join(["x"] * N),
    "products": "x := " + "*x/".join(["x"] * N),
    "remainders": "x := " + "%".join(["x"] * 60),
    "sums": "x := " + "+".join(["1"] * 4900),
    "comments": "/* a */" * N,
    "openings": "/*" * N,
    "quotes": '"' * N,
    "backticks": "```" * N,
    "continued": "\\\n" * N,
    "semicolons": ";" * N,
    "arrows": "->" * N,
    "dollars": "$" * N,
    "dots": "a" + ".a" * (N // 2) + " = 1",
    "names": "a" * 3_000_000 + " = 1",
    "string": 'x = 1; x is "' + "a" * 1_000_000 + '"',
    "models": "model " * 10_000,
    "ends": "end\n" * 10_000,
    "itself": "function f(x)\n f(x)\nend\ny := f(1)",
    "loop": "x := y; y := x",
    "doubling": "model m0()\n x = 1\nend\n"
    + "".join(f"model m{i + 1}()\n a: m{i}(); b: m{i}();\nend\n" for i in range(60)),
}

CHILD = """
import sys, time
from sigmapath.errors import SigmapathError
from sigmapath.io.load import network_from_antimony, network_from_sbml
text = sys.stdin.buffer.read().decode("utf-8")
start = time.monotonic()
try:
    (network_from_sbml if sys.argv[1] == "sbml" else network_from_antimony)(text)
except SigmapathError as error:
    print(type(error).__name__, len(str(error)))
else:
    print("network")
"""


def outcome(kind, text):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.run(
        [sys.executable, "-c", CHILD, kind],
        input=text.encode(),
        capture_output=True,
        timeout=60,
        env=environment,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", RISKY_XML)
def test_risky_sbml(name):
    result = outcome("sbml", RISKY_XML[name])
    assert result.returncode == 0, result.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("name", RISKY_ANTIMONY)
def test_risky_antimony(name):
    result = outcome("antimony", RISKY_ANTIMONY[name])
    assert result.returncode == 0, result.stderr[-2000:]


def typed(read, *args):
    try:
        read(*args)
    except SigmapathError as error:
        message = str(error)
    else:
        message = ""
    assert len(message) < 6000
    assert message.isprintable()


NAUGHTY = [
    "__import__",
    "eval",
    "time",
    "pi",
    "inf",
    "lambda",
    "None",
    "a b",
    "",
    "σ",
    "<",
    "&lt;",
    "'",
]


@pytest.mark.parametrize("name", NAUGHTY)
def test_naughty_ids(name):
    from xml.sax.saxutils import escape

    typed(network_from_sbml, SBML.replace('"k"', f'"{escape(name)}"').replace(" k ", escape(name)))
    typed(network_from_antimony, ANTIMONY.replace("k ", f"{name} "))


def test_ids_are_never_executed(tmp_path):
    mark = tmp_path / "executed"
    for name in (f"__import__('os').mkdir('{mark}')", "__import__", f"$(mkdir {mark})"):
        typed(network_from_sbml, SBML.replace('"m"', f'"{name}"'))
        typed(network_from_antimony, ANTIMONY.replace("m()", f"{name}()"))
    assert not mark.exists()


edits = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 12),
        st.one_of(
            st.text(max_size=4),
            st.sampled_from(
                [
                    '"',
                    "<",
                    ">",
                    "/",
                    "&",
                    "<ci>",
                    "</apply>",
                    "(",
                    ")",
                    ";",
                    "\n",
                    "model",
                    "end",
                    "->",
                    ":",
                    "*",
                    "is",
                    "import",
                    "9" * 400,
                    "\x00",
                    "'",
                    "%",
                    "1e999",
                    "-",
                    "level",
                    "3",
                ]
            ),
        ),
    ),
    min_size=1,
    max_size=6,
)


def mutated(text, changes):
    for where, removed, put in changes:
        at = int(where * len(text))
        text = text[:at] + put + text[at + removed :]
    return text


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits)
def test_mutated_sbml(changes):
    typed(network_from_sbml, mutated(SBML, changes))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits)
def test_mutated_antimony(changes):
    typed(network_from_antimony, mutated(ANTIMONY, changes))


@pytest.mark.parametrize("text", [SBML, ANTIMONY])
def test_truncated(text):
    read = network_from_sbml if text is SBML else network_from_antimony
    for length in range(0, len(text), 17):
        typed(read, text[:length])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([".ant", ".xml", ""]), st.floats(0, 1))
def test_bytes_in_files(tmp_path_factory, content, suffix, where):
    file: Path = tmp_path_factory.getbasetemp() / f"model{suffix}"
    model = (ANTIMONY if suffix == ".ant" else SBML).encode()
    at = int(where * len(model))
    file.write_bytes(model[:at] + content + model[at:])
    typed(load_network, file)
    file.write_bytes(content)
    typed(load_network, file)


def test_the_unchanged_models_load():
    assert network_from_sbml(SBML).reactions[0].id == "R"
    assert network_from_antimony(ANTIMONY).reactions[0].id == "R"
