"""One thing that happens to a model in an experiment, resolved to an id, a time and a number.

Leaves: :class:`Change`. The public interface makes them from doses and protocols;
:mod:`sigmapath.io.sbml.bake` writes them into the model.
"""

from __future__ import annotations

from typing import Literal

from sigmapath.record import record

__all__ = ["Change", "ChangeKind"]

ChangeKind = Literal["set", "add", "infuse", "hold", "release"]


@record
class Change:
    """One thing that happens to the model.

    Attributes
    ----------
    kind : str
        "set": the target gets the value. "add": a species gets the *amount* added (a bolus), a
        parameter the value. "infuse": the amount per time is added to the rate of change, until
        it is taken back by the negative rate. "hold": the target gets the value and keeps it.
        "release": a held target moves on from its value.
    time : float
        When, in model time, from 0 on.
    target : str
        Id of a species, parameter or compartment.
    value : float
        In model units; a species is set and held in the terms of its id in formulas.
    """

    kind: ChangeKind
    time: float
    target: str
    value: float = 0.0
