"""What is measured: an SBML file that every program reads, an end time, parameters to vary.

Enters: names and folders. Leaves: :class:`Case`. Every side loads the same file.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.generated import network_text

__all__ = [
    "Case",
    "cases_of_folder",
    "generated_case",
    "robertson_case",
    "s1r_mam_case",
    "small_case",
]

N_POINTS = 101
# The condition in which s1r_mam is measured: everything moves. 50 nM (+)-pentazocine in slot 1 with
# its constants from the ligand table, tunicamycin, hydrogen peroxide and a step of IP3, from t = 0.
_S1R_VALUES = {"L1": 0.05, "tunicamycin": 1.0, "H2O2": 20.0, "IP3_stimulus": 0.2}
_S1R_SWEPT = ("tunicamycin", "H2O2", "IP3_stimulus", "kon_L1", "Kd_L1", "alpha_L1")
_DAY = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One model and what is done with it.

    Parameters
    ----------
    name : str
    path : Path
        SBML.
    end_time : float
        In model time; output at 101 even points from 0.
    species : tuple of str
        Species that reactions or rate rules move, compared in the terms of the model's own maths:
        as amounts where ``hasOnlySubstanceUnits`` says so, else as concentrations.
    sizes : tuple of float
        Size of the compartment where a species counts as an amount, else 0.
    swept : tuple of str
        Parameters that a sweep multiplies by 10^U(-0.5, 0.5).
    nominal : tuple of float
        Their values in the file.
    """

    name: str
    path: Path
    end_time: float
    species: tuple[str, ...]
    sizes: tuple[float, ...]
    swept: tuple[str, ...]
    nominal: tuple[float, ...]

    @property
    def times(self) -> NDArray[np.float64]:
        """Output times, shape (101,)."""
        return np.linspace(0.0, self.end_time, N_POINTS)

    def draws(self, n: int, seed: int) -> NDArray[np.float64]:
        """Values of the swept parameters, shape (n, n_swept)."""
        factors = 10.0 ** np.random.default_rng(seed).uniform(-0.5, 0.5, (n, len(self.swept)))
        return np.asarray(self.nominal) * factors


def _case(name: str, path: Path, end_time: float, swept: tuple[str, ...] = ()) -> Case:
    """Complete a case from its file, read by libSBML alone: no program under test decides."""
    import libsbml

    model = libsbml.readSBMLFromFile(str(path)).getModel()
    if model is None:
        raise SystemExit(f"{path} holds no SBML model")
    moved = {rule.getVariable() for rule in model.getListOfRules() if rule.isRate()}
    fixed = {one.getId() for one in model.getListOfSpecies() if one.getBoundaryCondition()}
    for reaction in model.getListOfReactions():
        sides = (*reaction.getListOfReactants(), *reaction.getListOfProducts())
        moved |= {side.getSpecies() for side in sides} - fixed
    states = [one for one in model.getListOfSpecies() if one.getId() in moved]
    solved = {one.getSymbol() for one in model.getListOfInitialAssignments()}
    known = [p for p in swept if model.getParameter(p) is not None and p not in solved]
    values = [model.getParameter(p).getValue() for p in known]
    usable = [(p, v) for p, v in zip(known, values, strict=True) if v != 0.0]
    return Case(
        name=name,
        path=path,
        end_time=end_time,
        species=tuple(one.getId() for one in states),
        sizes=tuple(
            model.getCompartment(one.getCompartment()).getSize()
            if one.getHasOnlySubstanceUnits()
            else 0.0
            for one in states
        ),
        swept=tuple(p for p, _ in usable),
        nominal=tuple(v for _, v in usable),
    )


def s1r_mam_case(folder: Path) -> Case:
    """The packaged pathway under agonist, tunicamycin, peroxide and IP3, over 24 h."""
    import libsbml

    import sigmapath as sp

    ligand = sp.ligands()["(+)-pentazocine"]
    values = {
        **_S1R_VALUES,
        "Kd_L1": ligand.Ki_uM,
        "kon_L1": ligand.kon_per_uM_s,
        "alpha_L1": ligand.alpha,
    }
    document = libsbml.readSBMLFromString(sp.load("s1r_mam").to_sbml())
    for name, value in values.items():
        found = document.getModel().getElementBySId(name)
        if isinstance(found, libsbml.Parameter):
            found.setValue(value)
        elif isinstance(found, libsbml.Species):
            found.setInitialConcentration(value)
        else:
            raise SystemExit(f"s1r_mam has no {name} to set: adjust benchmarks/cases.py")
    path = folder / "s1r_mam.xml"
    libsbml.writeSBMLToFile(document, str(path))
    return _case("s1r_mam", path, _DAY, _S1R_SWEPT)


def cases_of_folder(folder: Path, only: set[str] | None = None) -> list[Case]:
    """Cases of a folder with ``models.tsv`` (model, end_time, sweep_parameters) beside its SBML."""
    table = folder / "models.tsv"
    if not table.is_file():
        raise SystemExit(f"{folder} has no models.tsv")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [
        _case(
            row["model"],
            folder / f"{row['model']}.xml",
            float(row["end_time"]),
            tuple((row.get("sweep_parameters") or "").split()),
        )
        for row in rows
        if only is None or row["model"] in only
    ]


def generated_case(n_species: int, folder: Path, seed: int = 1, *, wiring: str = "random") -> Case:
    """A generated network of ``n_species``; see :mod:`benchmarks.generated`."""
    text, swept = network_text(n_species, seed, wiring=wiring)
    return _written(f"generated_{n_species}", text, folder, end_time=100.0, swept=swept)


def robertson_case(folder: Path) -> Case:
    """Robertson's problem up to 1e5: mild at the start, stiff after a moment."""
    return replace(_robertson("robertson", folder), end_time=1e5)


def small_case(folder: Path) -> Case:
    """A stiff model of three species, to warm a process or a machine with: Robertson's problem."""
    return _robertson("warm_up", folder)


def _robertson(name: str, folder: Path) -> Case:
    text = f"""
model {name}
  A = 1; B = 0; C = 0; k1 = 0.04; k2 = 3e7; k3 = 1e4;
  A -> B; k1 * A; B + B -> B + C; k2 * B * B; B + C -> A + C; k3 * B * C;
end
"""
    return _written(name, text, folder, end_time=40.0, swept=("k1",))


def _written(
    name: str, text: str, folder: Path, *, end_time: float, swept: tuple[str, ...]
) -> Case:
    import antimony

    antimony.clearPreviousLoads()
    if antimony.loadAntimonyString(text) < 0:
        raise SystemExit(antimony.getLastError())
    path = folder / f"{name}.xml"
    path.write_text(antimony.getSBMLString(antimony.getMainModuleName()))
    return _case(name, path, end_time, swept)
