"""Protocols: ordered phases in which settings hold.

Enters: the user's ``protocol=``. Leaves: records of phases, still with names and units as typed.

Time 0 is the start of the first timed phase. What a phase sets holds during it and goes back at its
end to the run's own value (call-level doses, parameters, condition, axis, or the model's value). A
species held in a phase is let go at its end and moves on from there; what an experiment applies (a
free ligand) is washed away with its phase. A phase that lasts to the end
of the run is not taken back, so the last output still sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from sigmapath.errors import PlanError
from sigmapath.experiment.condition import Condition
from sigmapath.experiment.dosing import DosesLike, Value, require_level
from sigmapath.record import record

__all__ = ["Phase", "ProtocolLike", "equilibrate", "phase", "split_protocol", "washout"]

ConditionLike = Condition | str | None


@record
class Phase:
    """One phase; made by :func:`phase`, :func:`washout` or :func:`equilibrate`.

    ``duration`` is None for an equilibration and for a phase that lasts to the end of the run.
    """

    duration: Value | None
    doses: DosesLike = None
    parameters: Mapping[str, Value] = field(default_factory=dict)
    condition: ConditionLike = None
    name: str = ""
    is_equilibration: bool = False


ProtocolLike = Sequence[Phase] | Phase | None


def phase(
    duration: Value | None,
    *,
    doses: DosesLike = None,
    parameters: Mapping[str, Value] | None = None,
    condition: ConditionLike = None,
    name: str = "",
) -> Phase:
    """Return a phase of the protocol; a pulse is a short one.

    Parameters
    ----------
    duration : float, str or None
        How long it lasts [time]; None, in the last phase only: to the end of the run.
    doses : mapping or sequence of Dose, optional
        Levels held during the phase; times of a :class:`Dose` count from the start of the phase (an
        infusion that outlasts the phase goes on).
    parameters : mapping, optional
        Parameter values that hold during the phase.
    condition : str or Condition, optional
        A named context whose parameters hold during the phase; ``parameters`` win over it. Initial
        values of a condition make no sense in a phase and are refused.
    name : str
        For messages.

    Raises
    ------
    PlanError
        If the duration is not a positive finite number.
    """
    if duration is not None:
        require_level(duration, what="the duration", where=name or "phase", positive=True)
    return Phase(
        duration=duration,
        doses=doses,
        parameters=dict(parameters or {}),
        condition=condition,
        name=name,
    )


def washout(duration: Value | None = None, *, name: str = "washout") -> Phase:
    """Return a phase in which nothing is applied: everything is at the run's own values."""
    return phase(duration, name=name)


def equilibrate(
    *,
    doses: DosesLike = None,
    parameters: Mapping[str, Value] | None = None,
    condition: ConditionLike = None,
) -> Phase:
    """Bring the system to its steady state before t = 0; only as the first entry of a protocol.

    ``parameters``, ``condition`` and ``initial`` of the call hold in the equilibration too; its
    ``doses`` do not: they begin at t = 0. What is given here holds in the equilibration only.

    Parameters
    ----------
    doses : mapping, optional
        Levels held during the equilibration (no scheduled doses: there is no clock).
    parameters : mapping, optional
    condition : str or Condition, optional
    """
    return Phase(
        duration=None,
        doses=doses,
        parameters=dict(parameters or {}),
        condition=condition,
        name="equilibration",
        is_equilibration=True,
    )


def split_protocol(protocol: ProtocolLike) -> tuple[Phase | None, tuple[Phase, ...]]:
    """Separate the equilibration from the timed phases.

    Raises
    ------
    PlanError
        If an entry is no phase, an equilibration is not the first entry, or an open-ended phase is
        not the last.
    """
    if protocol is None:
        return None, ()
    if isinstance(protocol, Phase):
        phases: tuple[Phase, ...] = (protocol,)
    else:
        phases = tuple(protocol) if isinstance(protocol, Sequence) else (protocol,)
    for i, entry in enumerate(phases):
        if not isinstance(entry, Phase):
            raise PlanError(
                "not a phase", where=f"protocol, entry {i + 1}", found=repr(entry),
                expected='phase("1 h", ...), washout("1 h") or equilibrate()',
            )  # fmt: skip
        if entry.is_equilibration and i:
            raise PlanError(
                "an equilibration comes before time 0", where=f"protocol, entry {i + 1}",
                fix="make it the first entry, or use a long phase",
            )  # fmt: skip
        if not entry.is_equilibration and entry.duration is None and i + 1 < len(phases):
            raise PlanError(
                "only the last phase may be without a duration",
                where=f"protocol, entry {i + 1}", fix="give the phase a duration",
            )  # fmt: skip
    if phases and phases[0].is_equilibration:
        return phases[0], phases[1:]
    return None, phases
