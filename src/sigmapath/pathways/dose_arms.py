"""The arms of the dose experiment, read from ``models/index.toml``: data, not code.

Enters: the ``dose_arms`` tables of a packaged model. Leaves: :class:`DoseArm` records, times in
seconds. Called by ``sigmapath dose``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sigmapath.errors import ModelError, PlanError, UnknownNameError
from sigmapath.experiment.readouts import parse_readout
from sigmapath.quantity import parse_unit, to_model_units
from sigmapath.record import record

__all__ = ["DoseArm", "Pulse", "choose_arms", "read_arms"]

_REQUIRED = ("id", "title", "readout", "until", "observable")


@record
class Pulse:
    """An input that is switched on from ``start`` to ``stop`` [s] after the ligand."""

    target: str
    value: str
    start: float
    stop: float


@record
class DoseArm:
    """One arm: a stress or a stimulus, and the readout of it.

    Parameters
    ----------
    id : str
        Name of the readout in results, e.g. "Ca_mito_peak".
    title, response_label : str
        For figures: of the panel, and of its response axis.
    readout : str
        Readout as text, e.g. "peak(Ca_mito, after=12 h)".
    observable : str
        Shown as a time course.
    until : float
        End of the arm [s].
    inputs : mapping name -> value
        Held from t = 0 (a stress).
    pulses : tuple of Pulse
        In order of time, not overlapping.
    window : tuple of float
        Start and end of the time course that is shown [s].
    """

    id: str
    title: str
    response_label: str
    readout: str
    observable: str
    until: float
    inputs: Mapping[str, str]
    pulses: tuple[Pulse, ...]
    window: tuple[float, float]


def read_arms(tables: Sequence[Mapping[str, Any]], *, where: str) -> tuple[DoseArm, ...]:
    """Read the ``dose_arms`` tables of one model.

    Raises
    ------
    ModelError
        If an arm misses a field, or its times make no sense.
    """
    return tuple(_read_arm(table, where) for table in tables)


def _read_arm(table: Mapping[str, Any], where: str) -> DoseArm:
    missing = [key for key in _REQUIRED if key not in table]
    if missing:
        raise ModelError(
            f"a dose arm has no {', '.join(missing)}", where=where, found=str(table.get("id", ""))
        )
    until = _seconds(table["until"], where)
    pulses = tuple(
        Pulse(
            target=pulse["target"],
            value=str(pulse["value"]),
            start=_seconds(pulse["start"], where),
            stop=_seconds(pulse["stop"], where),
        )
        for pulse in table.get("pulses", [])
    )
    edges = [0.0, *(t for p in pulses for t in (p.start, p.stop)), until]
    if edges != sorted(edges):
        raise ModelError("pulses overlap or lie outside the arm", where=where, found=table["id"])
    first, last = (_seconds(t, where) for t in table.get("window", [0.0, until]))
    return DoseArm(
        id=table["id"],
        title=table["title"],
        response_label=table.get("response_label", table["title"]),
        readout=table["readout"],
        observable=table["observable"],
        until=until,
        inputs={name: str(value) for name, value in table.get("inputs", {}).items()},
        pulses=pulses,
        window=(first, last),
    )


def _seconds(value: Any, where: str) -> float:
    return to_model_units(value, parse_unit("s"), name="time", where=where)


def choose_arms(
    arms: Sequence[DoseArm], readouts: Sequence[str] | None, *, where: str
) -> tuple[DoseArm, ...]:
    """Pick arms by id; a readout written as text becomes an arm without stress over 24 h.

    Parameters
    ----------
    arms : sequence of DoseArm
        Those of the model.
    readouts : sequence of str, or None
        Ids of arms or readouts such as "peak(CHOP)"; None is all arms.
    where : str
        The model, for messages.

    Raises
    ------
    UnknownNameError
        If an id is no arm of the model.
    PlanError
        If the model has no arms and no readout is given, or a readout cannot be read.
    """
    if not readouts:
        if not arms:
            raise PlanError(
                "the model has no dose arms of its own",
                where=where,
                fix='give --readout, for example "final(S1R_released)", or use s1r_mam',
            )
        return tuple(arms)
    by_id = {arm.id: arm for arm in arms}
    chosen = []
    for text in readouts:
        if text in by_id:
            chosen.append(by_id[text])
        elif "(" in text:
            chosen.append(_plain_arm(text))
        else:
            raise UnknownNameError(
                "readout", text, by_id, where=where, fix='or write one, such as "peak(Ca_mito)"'
            )
    return tuple(chosen)


def _plain_arm(text: str) -> DoseArm:
    readout = parse_readout(text)
    day = 86400.0
    return DoseArm(
        id=text,
        title=text,
        response_label=text,
        readout=text,
        observable=readout.observable,
        until=day,
        inputs={},
        pulses=(),
        window=(0.0, day),
    )
