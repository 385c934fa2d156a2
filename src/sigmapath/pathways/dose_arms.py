"""The arms of the dose experiment, read from ``models/index.toml``: data, not code.

Enters: the ``dose_arms`` tables of a packaged model. Leaves: :class:`DoseArm` records, times in
seconds. Called by ``sigmapath dose``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sigmapath.errors import ModelError
from sigmapath.quantity import parse_unit, to_model_units

__all__ = ["DoseArm", "Pulse", "read_arms"]

_REQUIRED = ("id", "title", "readout", "until", "observable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """An input that is switched on from ``start`` to ``stop`` [s] after the ligand."""

    target: str
    value: str
    start: float
    stop: float


@dataclass(frozen=True, slots=True, kw_only=True)
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


def read_arms(tables: list[dict[str, Any]], *, where: str) -> tuple[DoseArm, ...]:
    """Read the ``dose_arms`` tables of one model.

    Raises
    ------
    ModelError
        If an arm misses a field, or its times make no sense.
    """
    return tuple(_read_arm(table, where) for table in tables)


def _read_arm(table: dict[str, Any], where: str) -> DoseArm:
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
