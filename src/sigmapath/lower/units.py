"""Readable units of everything a user sees: quantities, observables, time.

Enters: a network. Leaves: id -> unit text ("uM"), "" where the model gives no unit. A unit that the
model writes wrongly is "" here and a finding of ``model.check()``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache

from sigmapath.errors import UnitError
from sigmapath.lower.equations import amount_id, concentration_id
from sigmapath.lower.roles import points
from sigmapath.model.components import Compartment, Species
from sigmapath.model.network import ReactionNetwork
from sigmapath.quantity import Unit, unit_from_sbml, unit_text

__all__ = ["observable_units", "time_unit"]

# Units that Level 1 and 2 models have without saying so (SBML L2V5 section 4.4.3).
_LEVEL_2_DEFAULTS = {
    "substance": "mole",
    "time": "second",
    "volume": "litre",
    "area": "square_metre",
    "length": "metre",
}
_SIZE_WORD = {3.0: "volume", 2.0: "area", 1.0: "length"}

Reader = Callable[[str], Unit | None]


def _reader(network: ReactionNetwork) -> Reader:
    """Function from the id of a unit to the unit, None if there is none."""
    definitions = {item.id: item.units for item in network.unit_definitions}

    @cache
    def read(name: str) -> Unit | None:
        if not name:
            return None
        try:
            if name in definitions:
                return unit_from_sbml(
                    (u.kind, u.exponent, u.scale, u.multiplier) for u in definitions[name]
                )
            if network.level < 3 and name in _LEVEL_2_DEFAULTS:
                name = _LEVEL_2_DEFAULTS[name]
            if name == "square_metre":
                return unit_from_sbml([("metre", 2.0, 0, 1.0)])
            return unit_from_sbml([(name, 1.0, 0, 1.0)])
        except UnitError:
            return None

    return read


def _model_wide(network: ReactionNetwork, word: str) -> str:
    """Id of the model's unit of substance, time, volume, ...; Level 2 has defaults."""
    given = str(getattr(network.units, word))
    return given or (word if network.level < 3 and word in _LEVEL_2_DEFAULTS else "")


def _size_unit(network: ReactionNetwork, compartment: Compartment) -> str:
    if compartment.units:
        return compartment.units
    word = _SIZE_WORD.get(compartment.spatial_dimensions or 0.0, "")
    return _model_wide(network, word) if word else ""


def _text(unit: Unit | None) -> str:
    return "" if unit is None else unit_text(unit)


def _quotient(top: Unit | None, bottom: Unit | None) -> Unit | None:
    return None if top is None or bottom is None else top / bottom


def time_unit(network: ReactionNetwork) -> str:
    """Readable unit of time, "" if the model has none."""
    return _text(_reader(network)(_model_wide(network, "time")))


def _species_units(
    species: Species, home: Compartment | None, network: ReactionNetwork, read: Reader
) -> tuple[Unit | None, Unit | None]:
    """Units of amount and concentration."""
    amount = read(species.substance_units or _model_wide(network, "substance"))
    size = read(_size_unit(network, home)) if home is not None else None
    return amount, _quotient(amount, size)


def observable_units(network: ReactionNetwork) -> Mapping[str, str]:
    """Units of every observable name of a flat network, in user terms."""
    read = _reader(network)
    sizeless = points(network)
    homes = {item.id: item for item in network.compartments}
    as_text = lru_cache(maxsize=None)(_text)
    found: dict[str, str] = {}
    for species in network.species:
        home = homes.get(species.compartment)
        amount, concentration = _species_units(species, home, network, read)
        in_amounts = species.has_only_substance_units or (home is not None and home.id in sizeless)
        found[species.id] = as_text(amount if in_amounts else concentration)
        found[concentration_id(species.id)] = as_text(concentration)
        found[amount_id(species.id)] = as_text(amount)
    for compartment in network.compartments:
        found[compartment.id] = as_text(read(_size_unit(network, compartment)))
    for parameter in network.parameters:
        found[parameter.id] = as_text(read(parameter.units))
    time = read(_model_wide(network, "time"))
    extent = read(_model_wide(network, "extent" if network.level >= 3 else "substance"))
    rate = as_text(_quotient(extent, time))
    for reaction in network.reactions:
        found[reaction.id] = rate
        for reference in (*reaction.reactants, *reaction.products):
            if reference.id:
                found[reference.id] = "1"
    found.setdefault("time", as_text(time))
    return found
