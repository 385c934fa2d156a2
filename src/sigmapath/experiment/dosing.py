"""Doses: what is given to a model, how much, when and how often.

Enters: the user's ``doses=``. Leaves: held levels and single administrations, still with names and
units as typed; :mod:`sigmapath.experiment.timeline` turns them into jumps.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from sigmapath.errors import PlanError
from sigmapath.record import record

__all__ = ["Dose", "DosesLike", "Value", "dose", "split_doses"]

# A number in model units, or text with a unit.
Value = float | int | str


@record
class Dose:
    """One administration, perhaps repeated; made by :func:`dose`."""

    target: str
    amt: Value
    time: Value = 0.0
    ii: Value | None = None
    addl: int = 0
    rate: Value | None = None
    dur: Value | None = None

    @property
    def is_infusion(self) -> bool:
        """Whether the amount is given over a time instead of at once."""
        return self.rate is not None or self.dur is not None


DosesLike = Mapping[str, Value] | Dose | Sequence["Dose | Mapping[str, Value]"] | None


def dose(
    target: str,
    amt: Value,
    time: Value = 0.0,
    ii: Value | None = None,
    addl: int = 0,
    rate: Value | None = None,
    dur: Value | None = None,
) -> Dose:
    """Give an amount of something at a time, at once or as an infusion, perhaps repeatedly.

    The words are those of NONMEM data records (AMT, TIME, II, ADDL, RATE, and the duration
    AMT/RATE).

    Parameters
    ----------
    target : str
        A species, a ligand of the ligand table, or a parameter that stands for a concentration.
    amt : float or str
        Amount given each time [substance of the model]. Into a species the amount is divided by its
        compartment's size; text in the unit of a concentration raises the concentration by that
        much. Into a parameter (an ideal bath) it is always the rise of the parameter's value.
    time : float or str
        First administration [time], counted from t = 0, or from the start of the phase it is in.
    ii : float or str, optional
        Interval between administrations [time].
    addl : int
        How many further administrations follow the first.
    rate : float or str, optional
        Infuse at this rate [substance/time]; lasts amt/rate.
    dur : float or str, optional
        Infuse over this duration [time]; the rate is amt/dur. Not together with ``rate``.

    Returns
    -------
    Dose

    Raises
    ------
    PlanError
        If a number is negative or not finite, ``addl`` is given without ``ii``, or both ``rate``
        and ``dur`` are. Text with units is checked when the experiment meets its model.

    Examples
    --------
    >>> dose("PRE-084", "100 nM", time="1 h", ii="8 h", addl=2).addl
    2
    """
    where = f"dose of {target}"
    if not isinstance(target, str) or not target.strip():
        raise PlanError("a dose needs the name of what is given", found=repr(target))
    if isinstance(addl, bool) or not isinstance(addl, int) or addl < 0:
        raise PlanError(
            "addl counts further administrations", where=where, found=repr(addl),
            expected="a whole number, 0 or more",
        )  # fmt: skip
    if addl and ii is None:
        raise PlanError(
            "a repeated dose needs its interval", where=where, found=f"addl={addl} without ii",
            fix='give ii, for example ii="8 h"',
        )  # fmt: skip
    if rate is not None and dur is not None:
        raise PlanError(
            "an infusion takes a rate or a duration, not both", where=where,
            found=f"rate={rate!r}, dur={dur!r}", fix="leave one of them out",
        )  # fmt: skip
    require_level(amt, what="the amount", where=where)
    require_level(time, what="the time", where=where)
    for word, value in (("ii", ii), ("rate", rate), ("dur", dur)):
        if value is not None:
            require_level(value, what=word, where=where, positive=True)
    return Dose(target=target, amt=amt, time=time, ii=ii, addl=addl, rate=rate, dur=dur)


def require_level(value: object, *, what: str, where: str, positive: bool = False) -> None:
    """Refuse a plain number that is NaN, infinite or negative (or zero), and what is no number.

    Text passes: its number is checked where its unit is known.

    Raises
    ------
    PlanError
    """
    if isinstance(value, str):
        return
    try:
        if isinstance(value, bool):
            raise TypeError
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        several = "for several levels, run one per level: model.sweep({name: levels}, times)"
        raise PlanError(
            f"{what} is not a number", where=where, found=repr(value),
            expected='a number in model units, or text with a unit such as "100 nM"',
            fix="" if isinstance(value, (bool, float, int)) else several,
        ) from error  # fmt: skip
    bound = "above 0" if positive else "0 or more"
    if not math.isfinite(number) or number < 0 or (positive and number == 0):
        raise PlanError(f"{what} must be a finite number {bound}", where=where, found=f"{number:g}")


def split_doses(doses: DosesLike, *, where: str = "doses") -> tuple[dict[str, Value], list[Dose]]:
    """Sort what the user gave as ``doses=`` into held levels and administrations.

    Parameters
    ----------
    doses : mapping, Dose, sequence of both, or None
    where : str
        For messages.

    Returns
    -------
    held : dict name -> level
        In the order of first mention.
    given : list of Dose

    Raises
    ------
    PlanError
        If an entry is neither, a level is negative or no number, or one name is held at two levels.
    """
    held: dict[str, Value] = {}
    given: list[Dose] = []
    for entry in _entries(doses, where):
        if isinstance(entry, Dose):
            given.append(entry)
            continue
        for name, level in entry.items():
            require_level(level, what="the held level", where=f"{where}, {name}")
            if name in held and held[name] != level:
                raise PlanError(
                    f"{name} is held at two levels at once", where=where,
                    found=f"{held[name]} and {level}", fix="keep one of them",
                )  # fmt: skip
            held[name] = level
    return held, given


def _entries(doses: DosesLike, where: str) -> Iterator[Dose | Mapping[str, Value]]:
    if doses is None:
        return
    if isinstance(doses, Dose | Mapping):
        yield doses
        return
    entries = doses if isinstance(doses, Sequence) and not isinstance(doses, str) else [doses]
    for entry in entries:
        if not isinstance(entry, Dose | Mapping):
            raise PlanError(
                "not a dose", where=where, found=repr(entry),
                expected='{"name": level} or dose("name", amt, ...)',
            )  # fmt: skip
        yield entry
