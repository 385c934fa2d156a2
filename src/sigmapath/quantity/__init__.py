"""Units that people type, and numbers with units.

Enters: text such as "100 nM" or the units of an SBML file. Leaves: plain numbers in the units of a
model, and readable unit names for every result, axis and message. Conversion happens once, at the
edge; nothing inside sigmapath computes with units.

Scales are exact fractions, so that amol/pL *is* uM and "100 nM" *is* the float 0.1 in uM.
"""

from sigmapath.quantity.convert import convert_factor, parse_quantity, to_model_units
from sigmapath.quantity.parse import parse_unit, unit_from_sbml
from sigmapath.quantity.text import dimension_words, unit_text
from sigmapath.quantity.unit import DIMENSIONLESS, Unit

__all__ = [
    "DIMENSIONLESS",
    "Unit",
    "convert_factor",
    "dimension_words",
    "parse_quantity",
    "parse_unit",
    "to_model_units",
    "unit_from_sbml",
    "unit_text",
]
