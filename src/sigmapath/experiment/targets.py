"""From the names people use to places in arrays, and from typed values to model units.

Enters: a name from doses, axes, parameters or initial values. Leaves: a :class:`Target`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import SupportsFloat

from sigmapath.errors import PlanError, SigmapathError, UnitError, UnknownNameError
from sigmapath.experiment.ligands import LigandTable, SlotUse
from sigmapath.names import NameIndex
from sigmapath.quantity import Unit, parse_quantity, parse_unit, to_model_units, unit_text
from sigmapath.record import record

__all__ = ["Scope", "Target", "model_unit"]


@lru_cache(maxsize=256)
def model_unit(text: str) -> Unit | None:
    """Return the unit a model's text names, None where it has none that can be read."""
    if not text:
        return None
    try:
        return parse_unit(text)
    except SigmapathError:
        return None


@record
class Target:
    """Something that can be set.

    Parameters
    ----------
    name : str
        As the user spelled it.
    id : str
        In the model.
    position : int
        Among the start values.
    index : int
        Into y for states, into p otherwise.
    is_state : bool
    unit : str
        In user terms.
    is_input : bool
        Whether experiments apply it (stresses, free ligands).
    """

    name: str
    id: str
    position: int
    index: int
    is_state: bool
    unit: str
    is_input: bool = False


@record
class Scope:
    """What names mean in one experiment: the model's ids, and the ligands in its slots."""

    index: NameIndex
    ligands: LigandTable
    slots: Mapping[str, SlotUse]

    def target(self, name: str, *, where: str) -> Target:
        """Resolve a name.

        Raises
        ------
        UnknownNameError
            If it is neither an id of the model nor a ligand.
        PlanError
            If the model works it out, so that it cannot be set.
        """
        identifier = self.slots[name].slot if name in self.slots else name
        position = self.index.position(identifier)
        if position is None:
            raise self._cannot_set(name, where)
        is_state = position >= self.index.n_param
        return Target(
            name=name,
            id=identifier,
            position=position,
            index=position - self.index.n_param if is_state else position,
            is_state=is_state,
            unit=self.index.units.get(identifier, ""),
            is_input=identifier in self.index.inputs,
        )

    def _cannot_set(self, name: str, where: str) -> SigmapathError:
        if name in self.index.observables:
            return PlanError(
                f"{name} is worked out by the model {self.index.model} and cannot be set",
                where=where,
                fix="set what it depends on",
            )
        known = (*self.index.settable, *(self.ligands.spellings if self.has_slots else ()))
        return UnknownNameError(
            "name",
            str(name),
            known,
            where=where,
            fix=f"sigmapath show {self.index.model} lists the names"
            + (", sigmapath ligands the ligands" if self.has_slots else ""),
        )

    @property
    def has_slots(self) -> bool:
        """Whether ligands can be given by name."""
        return self.index.position("L1") is not None

    def value(self, target: Target, value: SupportsFloat | str, *, where: str) -> float:
        """Return a typed value in the target's model unit."""
        return to_model_units(value, model_unit(target.unit), name=target.name, where=where)

    def level(self, target: Target, value: SupportsFloat | str, *, where: str) -> float:
        """Return a typed level in model units; levels are not negative."""
        return not_negative(
            self.value(target, value, where=where), value, f"{where}: {target.name}"
        )

    def time(self, value: SupportsFloat | str, *, name: str, where: str) -> float:
        """Return a typed time in the model's unit of time; times are not negative."""
        unit = model_unit(self.index.time_unit)
        number = to_model_units(value, unit, name=name, where=where)
        return not_negative(number, value, f"{where}: {name}" if where else name)

    def amount_unit(self, target: Target, scale: int) -> str:
        """Unit of amounts given to a target; ``scale`` as returned by :meth:`amount`."""
        in_amounts = target.id in self.index.amount_states
        if target.id in self.index.amount_terms or (scale < 0 and not in_amounts):
            return target.unit
        unit = self._substance(target)
        return unit_text(unit) if unit is not None else ""

    def _substance(self, target: Target) -> Unit | None:
        """Unit of a concentration times that of its volume."""
        own = model_unit(target.unit)
        compartment = self.index.volumes.get(target.id, "")
        sizes = (self.index.units, self.index.observables)
        volume = next(
            (model_unit(unit[compartment]) for unit in sizes if compartment in unit), None
        )
        return own * volume if own is not None and volume is not None else None

    def amount(
        self, target: Target, value: SupportsFloat | str, *, per: str = "", where: str
    ) -> tuple[float, int]:
        """Return a dose in model units and the compartment it must be divided by.

        Parameters
        ----------
        target : Target
        value : float or str
            Amount, or (text) a rise of the concentration.
        per : str
            "" for an amount, the unit of time for a rate.

        Returns
        -------
        amount : float
        scale : int
            Index into p of the compartment's size, -1 if there is nothing to divide by.
        """
        own = model_unit(target.unit)
        place = f"{where}: {target.name}"
        if target.id in self.index.amount_terms or target.id not in self.index.volumes:
            number = to_model_units(value, _per(own, per), name=target.name, where=where)
            return not_negative(number, value, place), -1
        volume = self.index.volumes[target.id]
        size = self.index.position(volume)
        in_amounts = target.id in self.index.amount_states
        if isinstance(value, str) and not in_amounts and _fits(value, _per(own, per)):
            number = to_model_units(value, _per(own, per), name=target.name, where=where)
            return not_negative(number, value, place), -1
        substance = _per(self._substance(target), per)
        number = to_model_units(value, substance, name=target.name, where=where)
        if not in_amounts and (size is None or size >= self.index.n_param):
            raise PlanError(
                f"the size of {volume} changes, so an amount cannot be turned into a concentration",
                where=place,
            )
        return not_negative(number, value, place), -1 if in_amounts or size is None else size


def _fits(value: str, unit: Unit | None) -> bool:
    try:
        _, given = parse_quantity(value)
    except (PlanError, UnitError):
        return False
    return given is not None and unit is not None and given.fits(unit)


def _per(unit: Unit | None, time: str) -> Unit | None:
    if not time or unit is None:
        return unit
    divisor = model_unit(time)
    return unit / divisor if divisor is not None else None


def not_negative(number: float, given: object, where: str) -> float:
    """Return ``number``, refused if it is below 0."""
    if number < 0:
        raise PlanError("a level, amount or time cannot be negative", where=where, found=str(given))
    return number


def shown(value: float, unit: str) -> str:
    """A number with its unit, for messages."""
    known = model_unit(unit)
    text = unit_text(known) if known is not None else unit
    return f"{value:g} {text}" if text and text != "1" else f"{value:g}"
