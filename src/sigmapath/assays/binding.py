"""Radioligand binding on washed membranes: saturation and competition, as an experimenter sees it.

Enters: the engine (or Model) of ``binding_assay`` and ligands by name. Leaves: :class:`Saturation`
and :class:`Competition` records shaped like the data of a paper: points with errors, a fit, what is
worked out from it. BiP has been washed away; depletion, too short an incubation and a cold bath
show as they would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.assays.binding_data import Competition, Saturation
from sigmapath.assays.one_site import cheng_prusoff, fit_competition, fit_saturation
from sigmapath.errors import PlanError
from sigmapath.experiment.ensemble import Ensemble, ParameterRange, draw, ensemble
from sigmapath.experiment.ligands import Ligand
from sigmapath.pathways.ligands import ligand_table
from sigmapath.quantity import parse_unit, to_model_units
from sigmapath.simulate.engine import Engine

__all__ = ["MODEL", "Competition", "Saturation", "binding_numbers", "competition", "saturation"]

MODEL = "binding_assay"
FloatArray = NDArray[np.float64]
_NM = 1000.0
# Long enough for any incubation to have come to its end [min]; the slowest step takes half an hour.
_FOREVER = 6000.0
_BLOCKER, _BLOCKER_UM = "haloperidol", 10.0


def saturation(
    model: Any,
    label: str = "(+)-pentazocine",
    *,
    concentrations: Sequence[Any] | None = None,
    minutes: float = 90.0,
    celsius: float = 37.0,
    noise: float = 0.0,
    n: int = 3,
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
) -> Saturation:
    """Bind a labelled ligand at rising concentration; non-specific binding by 10 uM haloperidol.

    Parameters
    ----------
    model : Model or Engine
        Of ``binding_assay``.
    label : str
        A ligand.
    concentrations : sequence, optional
        Of the label (uM if plain numbers); 0.05 to 30 times its affinity, 12 points, by default.
    minutes, celsius : float
        Of the incubation.
    noise : float
        Coefficient of variation of one counted filter [1].
    n, seed : int
        Replicates; of the noise.
    parameters : mapping, optional
        Of the model, e.g. ``receptor_total``.
    """
    engine = _engine(model)
    hot = ligand_table()[label]
    _require_protocol(minutes, celsius, noise, n)
    added = _concentrations(concentrations, hot.Ki_uM * np.geomspace(0.05, 30.0, 12), "label")
    settings = {**_bath(celsius), **(parameters or {})}
    read = ["bound_total", "bound_nonspecific", "hot"]
    open_, _ = _bind(engine, hot, None, "hot_total", added, minutes, settings, read)
    blocked, _ = _bind(
        engine, hot, ligand_table()[_BLOCKER], "hot_total", added, minutes,
        {**settings, "cold_total": _BLOCKER_UM}, read,
    )  # fmt: skip
    total, background = _NM * open_["bound_total"][0], _NM * blocked["bound_total"][0]
    stream = np.random.default_rng(seed)
    counted, counted_background = (_counted(v, noise, n, stream) for v in (total, background))
    specific = counted - counted_background
    free = _NM * open_["hot"][0]
    kd, bmax = fit_saturation(free, specific.mean(axis=0))
    return Saturation(
        free=free,
        total=counted.mean(axis=0),
        nonspecific=counted_background.mean(axis=0),
        specific=specific.mean(axis=0),
        sem=_sem(specific),
        kd=kd,
        bmax=bmax,
        n=n,
        seed=seed,
    )


def competition(
    model: Any,
    ligand: str,
    *,
    label: str = "(+)-pentazocine",
    label_concentration: Any = "4 nM",
    concentrations: Sequence[Any] | None = None,
    minutes: float = 90.0,
    celsius: float = 37.0,
    noise: float = 0.0,
    n: int = 3,
    seed: int = 0,
    parameters: Mapping[str, Any] | None = None,
) -> Competition:
    """Displace a labelled ligand by rising concentrations of another.

    Parameters
    ----------
    model : Model or Engine
        Of ``binding_assay``.
    ligand, label : str
    label_concentration : float or str
        Added label (uM if a plain number).
    concentrations : sequence, optional
        Of the competitor; 0.01 to 1000 times its affinity, 12 points, by default.
    minutes, celsius, noise, n, seed, parameters
        As for :func:`saturation`.

    Raises
    ------
    PlanError
        If the protocol makes no sense: no label, no incubation, a frozen or boiling bath.
    UnknownNameError
        If a ligand is not known.
    """
    engine = _engine(model)
    hot, cold = ligand_table()[label], ligand_table()[ligand]
    _require_protocol(minutes, celsius, noise, n)
    added = _uM(label_concentration, "label")
    if not added > 0.0:
        raise PlanError(
            "a binding assay needs some labelled ligand", where="label",
            found=str(label_concentration), expected="3 to 5 nM",
        )  # fmt: skip
    tested = _concentrations(concentrations, cold.Ki_uM * np.geomspace(0.01, 1e3, 12), "competitor")
    settings = {**_bath(celsius), **(parameters or {}), "hot_total": added}
    read = ["bound_total"]
    runs, _ = _bind(
        engine, hot, cold, "cold_total", np.concatenate([[0.0], tested]), minutes, settings, read
    )
    blocked, _ = _bind(
        engine, hot, ligand_table()[_BLOCKER], "cold_total", np.array([_BLOCKER_UM]), minutes,
        settings, read,
    )  # fmt: skip
    kd = saturation(engine, label, minutes=minutes, celsius=celsius, parameters=parameters, n=1).kd
    total, background = _NM * runs["bound_total"][0], float(_NM * blocked["bound_total"][0, 0])
    stream = np.random.default_rng(seed)
    counted = _counted(total, noise, n, stream)
    specific = counted - _counted(np.array([background]), noise, n, stream)
    percent = 100.0 * specific[:, 1:] / specific[:, :1].mean()
    ic50, _, _ = fit_competition(_NM * tested, specific[:, 1:].mean(axis=0))
    return Competition(
        concentration=_NM * tested,
        total=counted.mean(axis=0)[1:],
        nonspecific=background,
        specific=specific.mean(axis=0)[1:],
        percent=percent.mean(axis=0),
        sem=_sem(percent),
        ic50=ic50,
        ki=cheng_prusoff(ic50, _NM * added, kd),
        kd=kd,
        depletion=float(total[0] / (_NM * added)),
        n=n,
        seed=seed,
    )


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
    minutes = float(protocol["minutes"])
    _require_protocol(minutes, 37.0, 0.0, 1)
    drawn = members if isinstance(members, int) else None
    at_kd = protocol["L_nM"] == "Kd"
    added: Any = hot.Ki_uM if at_kd else float(protocol["L_nM"]) / _NM
    if at_kd and drawn:
        # Every member has a Kd of its own, which its experimenter would have measured and used.
        columns = _drawn(engine, [(hot, "L1")], drawn, seed, frozenset(), factor)
        added = columns.get("Kd_L1", added)
    tested = cold.Ki_uM * np.geomspace(0.01, 1e3, 12)
    bind: dict[str, Any] = {"settings": {"hot_total": added}, "members": drawn, "seed": seed}
    bind["factor"] = factor
    points = np.concatenate([[0.0], tested])
    runs, draws = _bind(
        engine, hot, cold, "cold_total", points, minutes, read=["bound_total"], **bind
    )
    blocker = ligand_table()[_BLOCKER]
    blocked, _ = _bind(
        engine, hot, blocker, "cold_total", np.array([_BLOCKER_UM]), minutes, read=["bound_total"],
        **bind,
    )  # fmt: skip
    labels = hot.Ki_uM * np.geomspace(0.05, 30.0, 12)
    bind["settings"] = {}
    read = ["bound_specific", "hot"]
    sat, _ = _bind(engine, hot, None, "hot_total", labels, minutes, read=read, **bind)
    single = np.atleast_1d(added)[:1]
    ends = [
        _bind(engine, hot, None, "hot_total", single, t, read=read, **bind)[0]["bound_specific"]
        for t in (minutes, _FOREVER)
    ]
    specific = runs["bound_total"] - blocked["bound_total"]
    size = len(specific)
    kd = np.array([fit_saturation(sat["hot"][i], sat["bound_specific"][i])[0] for i in range(size)])
    ic50 = np.array([fit_competition(tested, specific[i, 1:])[0] for i in range(size)])
    ki = ic50 / (1.0 + added / kd)
    true = draws.get("Kd_L2", np.full(size, cold.Ki_uM))
    found = {
        "Ki": _NM * ki,
        "IC50": _NM * ic50,
        "Kd": _NM * kd,
        "IC50 / Ki": ic50 / true,
        "Ki / true": ki / true,
        "Ki of the table": _NM * ki * cold.Ki_uM / true,
        "IC50 of the table": _NM * ic50 * cold.Ki_uM / true,
        "reached": (ends[0] / ends[1])[:, 0],
        "depletion": runs["bound_total"][:, 0] / added,
    }
    return {name: np.resize(values, n_member) for name, values in found.items()}


# Inside ------------------------------------------------------------------------------------------


def _bind(
    engine: Engine,
    hot: Ligand,
    cold: Ligand | None,
    axis: str,
    values: FloatArray,
    minutes: float,
    settings: Mapping[str, Any],
    read: Sequence[str],
    members: int | None = None,
    seed: int = 0,
    factor: float | None = None,
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Bound label at the end of the incubation, shape (n_member, n), and the constants drawn."""
    pairs = [(hot, "L1")] + ([(cold, "L2")] if cold is not None else [])
    constants = {
        name: value
        for ligand, slot in pairs
        for name, value in ligand.slot_values(slot).items()
        if engine.index.position(name) is not None
    }
    described: Ensemble | None = None
    drawn: dict[str, FloatArray] = {}
    if members:
        drawn = _drawn(engine, pairs, members, seed, frozenset(settings) | {axis}, factor)
        columns = {k: v for k, v in settings.items() if np.ndim(v) and k != axis}
        settings = {k: v for k, v in settings.items() if k not in columns}
        drawn |= columns
        described = ensemble(members=drawn, nominal=False)
    given = {k: v for k, v in constants.items() if k not in drawn}
    plan = engine.plan(
        times=minutes * 60.0,
        axes={axis: values.tolist()},
        parameters={**given, **{k: v for k, v in settings.items() if k != axis}},
        readouts={name: f"final({name})" for name in read},
        ensemble=described,
    )
    raw = engine.run(plan)
    size = 1 + members if members else 1
    return {name: np.asarray(raw.reduced[name]).reshape(size, -1) for name in read}, drawn


def _drawn(
    engine: Engine,
    pairs: Sequence[tuple[Ligand, str]],
    members: int,
    seed: int,
    fixed: frozenset[str],
    factor: float | None,
) -> dict[str, FloatArray]:
    """Constants of the nominal member and of the draws."""
    wide = ensemble(members, ranges=_ranges(engine, pairs), seed=seed, factor=factor)
    columns = draw(wide, fixed=fixed)
    nominal = {r.id: r.nominal for r in wide.ranges}
    return {k: np.concatenate([[nominal[k]], column]) for k, column in columns.items()}


def _ranges(engine: Engine, pairs: Sequence[tuple[Ligand, str]]) -> list[ParameterRange]:
    """Ranges of the model with those of the ligands in their slots."""
    of_ligands = {
        entry.id: entry
        for ligand, slot in pairs
        for entry in ligand.slot_ranges(slot)
        if engine.index.position(entry.id) is not None
    }
    return [r for r in engine.ranges if r.id not in of_ligands] + list(of_ligands.values())


def _engine(model: Any) -> Engine:
    found = getattr(model, "_engine", model)
    if not isinstance(found, Engine) or found.index.position("hot_total") is None:
        raise PlanError(
            "a binding assay runs on the model binding_assay", where="assay",
            found=getattr(model, "id", type(model).__name__), fix='sp.load("binding_assay")',
        )  # fmt: skip
    return found


def _bath(celsius: float) -> dict[str, float]:
    return {"temperature": celsius + 273.15}


def _require_protocol(minutes: float, celsius: float, noise: float, n: int) -> None:
    for what, value, is_fine, expected in (
        ("the incubation", minutes, minutes > 0.0, "more than 0 min"),
        ("the temperature", celsius, 0.0 <= celsius <= 45.0, "0 to 45 degrees C"),
        ("the noise", noise, 0.0 <= noise < 1.0, "0 or more, below 1"),
        ("the number of replicates", n, n >= 1, "1 or more"),
        ("noise without replicates", n, noise == 0.0 or n >= 2, "2 or more, for error bars"),
    ):
        if not is_fine:
            raise PlanError(
                f"{what} makes no sense", where="assay", found=f"{value:g}", expected=expected
            )


def _uM(value: Any, what: str) -> float:
    return float(to_model_units(value, parse_unit("uM"), name=what, where="assay"))


def _concentrations(given: Sequence[Any] | None, default: FloatArray, what: str) -> FloatArray:
    if given is None:
        return default
    values = np.array([_uM(value, what) for value in given])
    if len(values) < 4 or not (values > 0.0).all() or not (np.diff(values) > 0.0).all():
        raise PlanError(
            "a curve needs 4 or more ascending concentrations above 0", where=what,
            found=", ".join(map(str, given)),
        )  # fmt: skip
    return values


def _counted(values: FloatArray, noise: float, n: int, stream: np.random.Generator) -> FloatArray:
    """Replicate filters, shape (n, len(values)), with log-normal counting error."""
    spread = np.sqrt(np.log1p(noise**2))
    factors = np.exp(stream.normal(-0.5 * spread**2, spread, size=(n, len(values))))
    return values * factors


def _sem(values: FloatArray) -> FloatArray:
    """Standard error over replicates; 0 for a single one."""
    n = len(values)
    if n < 2:
        return np.zeros(values.shape[1])
    found: FloatArray = values.std(axis=0, ddof=1) / np.sqrt(n)
    return found
