"""What a competition finds for each member of an ensemble, as numbers.

Enters: a protocol as data and the engine of ``binding_assay``. Leaves: constants per member,
without noise. Called by the evidence about ligands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sigmapath.assays.binding import BLOCKER, BLOCKER_UM, NM
from sigmapath.assays.membranes import Draws, Incubation, bind, drawn_constants
from sigmapath.assays.one_site import fit_competition, fit_saturation
from sigmapath.assays.replicates import FloatArray
from sigmapath.errors import PlanError
from sigmapath.pathways.ligands import ligand_table
from sigmapath.simulate.engine import Engine

__all__ = ["binding_numbers"]

# Long enough for any incubation to have come to its end [min]; the slowest step takes half an hour.
_FOREVER = 6000.0


def binding_numbers(
    protocol: Mapping[str, Any],
    engine: Engine,
    *,
    members: Any,
    n_member: int,
    seed: int,
    factor: float | None = None,
) -> dict[str, FloatArray]:
    """What a competition gives for every member of an ensemble, without noise.

    Parameters
    ----------
    protocol : mapping
        ligand, L_nM (a number, or "Kd" for the affinity of the label), minutes.
    engine : Engine
        Of ``binding_assay``.
    members : int or anything else
        A number of draws; for anything else every member is nominal.
    n_member : int
    seed : int
    factor : float, optional
        Draw within this factor, see :func:`sigmapath.experiment.ensemble.ensemble`.

    Returns
    -------
    dict name -> ndarray, shape (n_member,)
        Ki, IC50, Kd [nM]; IC50 / Ki and Ki / true [1]; "Ki of the table" and "IC50 of the table":
        what would have been found, had the member the affinity of the table [nM]; reached and
        depletion [1].

    Raises
    ------
    PlanError
        If the protocol lacks a field, has an unknown one, or makes no sense.
    """
    known = {"ligand", "L_nM", "minutes"}
    if set(protocol) != known:
        raise PlanError(
            "a binding protocol has other fields", where="binding", found=", ".join(protocol),
            expected=", ".join(sorted(known)),
        )  # fmt: skip
    hot, cold = ligand_table()["(+)-pentazocine"], ligand_table()[protocol["ligand"]]
    minutes = Incubation(minutes=float(protocol["minutes"])).minutes
    drawn = Draws(n=members, seed=seed, factor=factor) if isinstance(members, int) else None
    at_kd = protocol["L_nM"] == "Kd"
    added: Any = hot.Ki_uM if at_kd else float(protocol["L_nM"]) / NM
    if at_kd and drawn:
        # Every member has a Kd of its own, which its experimenter would have measured and used.
        columns = drawn_constants(engine, [(hot, "L1")], drawn, frozenset())
        added = columns.get("Kd_L1", added)
    tested = cold.Ki_uM * np.geomspace(0.01, 1e3, 12)
    given: dict[str, Any] = {"settings": {"hot_total": added}, "draws": drawn}
    points = np.concatenate([[0.0], tested])
    runs, draws = bind(
        engine, hot, cold, "cold_total", points, minutes, read=["bound_total"], **given
    )
    blocker = ligand_table()[BLOCKER]
    blocked, _ = bind(
        engine, hot, blocker, "cold_total", np.array([BLOCKER_UM]), minutes, read=["bound_total"],
        **given,
    )  # fmt: skip
    labels = hot.Ki_uM * np.geomspace(0.05, 30.0, 12)
    given["settings"] = {}
    read = ["bound_specific", "hot"]
    sat, _ = bind(engine, hot, None, "hot_total", labels, minutes, read=read, **given)
    single = np.atleast_1d(added)[:1]
    ends = [
        bind(engine, hot, None, "hot_total", single, t, read=read, **given)[0]["bound_specific"]
        for t in (minutes, _FOREVER)
    ]
    specific = runs["bound_total"] - blocked["bound_total"]
    size = len(specific)
    kd = np.array([fit_saturation(sat["hot"][i], sat["bound_specific"][i])[0] for i in range(size)])
    ic50 = np.array([fit_competition(tested, specific[i, 1:])[0] for i in range(size)])
    ki = ic50 / (1.0 + added / kd)
    true = draws.get("Kd_L2", np.full(size, cold.Ki_uM))
    found = {
        "Ki": NM * ki,
        "IC50": NM * ic50,
        "Kd": NM * kd,
        "IC50 / Ki": ic50 / true,
        "Ki / true": ki / true,
        "Ki of the table": NM * ki * cold.Ki_uM / true,
        "IC50 of the table": NM * ic50 * cold.Ki_uM / true,
        "reached": (ends[0] / ends[1])[:, 0],
        "depletion": runs["bound_total"][:, 0] / added,
    }
    return {name: np.resize(values, n_member) for name, values in found.items()}
