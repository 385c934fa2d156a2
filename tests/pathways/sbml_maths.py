"""The equations of a model file, evaluated straight from SBML by Python: an oracle for the tests.

It shares no code with the engine: libAntimony translates, libSBML flattens, Python's own compiler
evaluates the formulas.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import antimony
import libsbml

MODELS = Path(__file__).parents[2] / "models"
MODULES = ("s1r", "calcium", "mitochondria", "upr", "nrf2")
PREFIXES = ("receptor", "calcium_signal", "energy", "folding", "antioxidant")


def flat_sbml(name: str) -> str:
    """Return the flattened SBML of a model file, without the prefixes of its submodels."""
    antimony.clearPreviousLoads()
    assert antimony.loadAntimonyFile(str(MODELS / f"{name}.ant")) >= 0, antimony.getLastError()
    document = libsbml.readSBMLFromString(antimony.getCompSBMLString(name))
    options = libsbml.ConversionProperties()
    options.addOption("flatten comp", True)
    options.addOption("leavePorts", False)
    options.addOption("performValidation", False)
    if document.getPlugin("comp") is not None:
        assert document.convert(options) == libsbml.LIBSBML_OPERATION_SUCCESS
    text = libsbml.writeSBMLToString(document)
    return re.sub(rf"\b({'|'.join(PREFIXES)})__(?=[A-Za-z])", "", text)


def formula(element: Any) -> str:
    """Formula of an SBML element as Python source."""
    text = libsbml.formulaToL3String(element.getMath())
    # libSBML writes units of literals behind them; the models have none
    return text.replace("^", "**").replace("ln(", "log(")


class Equations:
    """Initial state and right-hand side of a flattened model.

    Parameters
    ----------
    text : str
        SBML, flattened.
    """

    def __init__(self, text: str) -> None:
        document = libsbml.readSBMLFromString(text)
        model = document.getModel()
        self.document, self.model = document, model
        self.constants: dict[str, float] = {p.getId(): p.getValue() for p in model.parameters}
        self.constants |= {c.getId(): c.getSize() for c in model.compartments}
        self.start = {s.getId(): s.getInitialConcentration() for s in model.species}
        self.compartment = {s.getId(): s.getCompartment() for s in model.species}
        self.initial = self._ordered(
            {a.getSymbol(): formula(a) for a in model.getListOfInitialAssignments()}
        )
        rules = {r.getVariable(): r for r in model.rules}
        assigned = {k: formula(r) for k, r in rules.items() if r.isAssignment()}
        rates = {r.getId(): formula(r.getKineticLaw()) for r in model.reactions}
        self.assigned = self._ordered(assigned | rates)
        self.reactions = list(rates)
        self.rate_rules = {
            k: compile(formula(r), k, "eval") for k, r in rules.items() if r.isRate()
        }
        self.dynamic = [
            s.getId()
            for s in model.species
            if s.getId() not in rules and not s.getBoundaryCondition()
        ]
        self.stoichiometry = {r.getId(): self._stoichiometry(r) for r in model.reactions}

    @staticmethod
    def _stoichiometry(reaction: Any) -> list[tuple[str, float]]:
        left = [(x.getSpecies(), -x.getStoichiometry()) for x in reaction.reactants]
        right = [(x.getSpecies(), x.getStoichiometry()) for x in reaction.products]
        return left + right

    @staticmethod
    def _ordered(formulas: Mapping[str, str]) -> list[tuple[str, Any]]:
        needs = {
            k: set(re.findall(r"[A-Za-z_]\w*", v)) & set(formulas) for k, v in formulas.items()
        }
        order: list[str] = []
        while len(order) < len(formulas):
            ready = [k for k in formulas if k not in order and needs[k] <= set(order)]
            assert ready, f"formulas go in a circle: {set(formulas) - set(order)}"
            order += ready
        return [(k, compile(formulas[k], k, "eval")) for k in order]

    def at_start(self, **changed: float) -> dict[str, float]:
        """Return all values at t = 0, initial assignments evaluated; some constants changed."""
        names: dict[str, Any] = {"exp": math.exp, "log": math.log, "sqrt": math.sqrt, "abs": abs}
        names |= self.constants | self.start | changed
        for key, code in self.initial:
            names[key] = eval(code, {"__builtins__": {}}, names)  # noqa: S307
        return self.evaluate(names)

    def evaluate(self, names: dict[str, Any]) -> dict[str, float]:
        """Return the values with rules and reaction rates evaluated."""
        names = dict(names)
        for key, code in self.assigned:
            names[key] = eval(code, {"__builtins__": {}}, names)  # noqa: S307
        return names

    def slopes(self, names: Mapping[str, float]) -> dict[str, float]:
        """Return the time derivative of every dynamic species [uM/s] and rate-rule variable."""
        amounts = dict.fromkeys(self.dynamic, 0.0)
        for reaction, sides in self.stoichiometry.items():
            for species, factor in sides:
                if species in amounts:
                    amounts[species] += factor * names[reaction]
        slopes = {s: a / names[self.compartment[s]] for s, a in amounts.items()}
        for key, code in self.rate_rules.items():
            slopes[key] = eval(code, {"__builtins__": {}}, dict(names))  # noqa: S307
        return slopes
