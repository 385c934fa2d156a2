"""Names of units: symbols, words, prefixes and preferred spellings. Data only.

Called by the modules of :mod:`sigmapath.quantity`, which read and write units with these tables.
"""

from __future__ import annotations

__all__ = [
    "ALIASES",
    "AVOGADRO",
    "BASES",
    "COMMON",
    "DIMENSION_WORDS",
    "PLAIN",
    "PREFERRED",
    "PREFIXES",
    "PREFIX_WORDS",
    "SBML_KINDS",
    "SYMBOLS",
    "WORDS",
]

# Base quantities, in the order of ``Unit.dimensions``; mass counts in kilograms.
BASES = ("mol", "m", "s", "kg", "A", "K", "cd")

# The one Avogadro number, per mol: that of SBML L3V2, which fixes the value of the csymbol avogadro
# (section 3.4.6) and of the unit of that name (section 4.4.2) to CODATA 2006. The SI's exact number
# of 2019 is 6.02214076e23; 2e-7 of it is no difference to any measurement, but a model and its
# units have to mean the same.
AVOGADRO = "6.02214179e23"

# name -> (scale in the coherent SI unit, exponents of BASES). A molecule or item is 1/N_A mol; cal
# is the thermochemical calorie; Da from CODATA 2018.
NONE = (0, 0, 0, 0, 0, 0, 0)
SYMBOLS: dict[str, tuple[str, tuple[int, ...]]] = {
    "mol": ("1", (1, 0, 0, 0, 0, 0, 0)),
    "M": ("1000", (1, -3, 0, 0, 0, 0, 0)),
    "L": ("1e-3", (0, 3, 0, 0, 0, 0, 0)),
    "m": ("1", (0, 1, 0, 0, 0, 0, 0)),
    "s": ("1", (0, 0, 1, 0, 0, 0, 0)),
    "g": ("1e-3", (0, 0, 0, 1, 0, 0, 0)),
    "A": ("1", (0, 0, 0, 0, 1, 0, 0)),
    "K": ("1", (0, 0, 0, 0, 0, 1, 0)),
    "cd": ("1", (0, 0, 0, 0, 0, 0, 1)),
    "V": ("1", (0, 2, -3, 1, -1, 0, 0)),
    "S": ("1", (0, -2, 3, -1, 2, 0, 0)),
    "ohm": ("1", (0, 2, -3, 1, -2, 0, 0)),
    "C": ("1", (0, 0, 1, 0, 1, 0, 0)),
    "F": ("1", (0, -2, 4, -1, 2, 0, 0)),
    "H": ("1", (0, 2, -2, 1, -2, 0, 0)),
    "T": ("1", (0, 0, -2, 1, -1, 0, 0)),
    "Wb": ("1", (0, 2, -2, 1, -1, 0, 0)),
    "Hz": ("1", (0, 0, -1, 0, 0, 0, 0)),
    "Bq": ("1", (0, 0, -1, 0, 0, 0, 0)),
    "kat": ("1", (1, 0, -1, 0, 0, 0, 0)),
    "J": ("1", (0, 2, -2, 1, 0, 0, 0)),
    "cal": ("4.184", (0, 2, -2, 1, 0, 0, 0)),
    "N": ("1", (0, 1, -2, 1, 0, 0, 0)),
    "Pa": ("1", (0, -1, -2, 1, 0, 0, 0)),
    "W": ("1", (0, 2, -3, 1, 0, 0, 0)),
    "Gy": ("1", (0, 2, -2, 0, 0, 0, 0)),
    "lx": ("1", (0, -2, 0, 0, 0, 0, 1)),
    "Da": ("1.66053906660e-27", (0, 0, 0, 1, 0, 0, 0)),
}
# Names that take no prefix.
PLAIN: dict[str, tuple[str, tuple[int, ...]]] = {
    "1": ("1", NONE),
    "%": ("1e-2", NONE),
    "avogadro": (AVOGADRO, NONE),
    "item": ("item", (1, 0, 0, 0, 0, 0, 0)),
    "min": ("60", (0, 0, 1, 0, 0, 0, 0)),
    "h": ("3600", (0, 0, 1, 0, 0, 0, 0)),
    "d": ("86400", (0, 0, 1, 0, 0, 0, 0)),
    "week": ("604800", (0, 0, 1, 0, 0, 0, 0)),
}
# fmt: off
ALIASES = {
    "l": "L", "\u03a9": "ohm", "\u2126": "ohm",
    "dimensionless": "1", "radian": "1", "rad": "1", "steradian": "1", "percent": "%",
    "items": "item", "molecule": "item", "molecules": "item",
    "mins": "min", "minute": "min", "minutes": "min",
    "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "day": "d", "days": "d",
    "weeks": "week", "wk": "week", "sec": "s", "secs": "s",
}
WORDS = {
    "mole": "mol", "molar": "M", "litre": "L", "liter": "L", "metre": "m", "meter": "m",
    "second": "s", "gram": "g", "ampere": "A", "amp": "A", "kelvin": "K", "candela": "cd",
    "lumen": "cd", "lux": "lx", "volt": "V", "siemens": "S", "ohm": "ohm", "coulomb": "C",
    "farad": "F", "henry": "H", "tesla": "T", "weber": "Wb", "hertz": "Hz", "becquerel": "Bq",
    "katal": "kat", "joule": "J", "calorie": "cal", "newton": "N", "pascal": "Pa", "watt": "W",
    "gray": "Gy", "sievert": "Gy", "dalton": "Da",
}
PREFIXES = {
    "y": -24, "z": -21, "a": -18, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "c": -2, "d": -1,
    "k": 3, "M": 6, "G": 9, "T": 12,
}
PREFIX_WORDS = {
    "yocto": -24, "zepto": -21, "atto": -18, "femto": -15, "pico": -12, "nano": -9, "micro": -6,
    "milli": -3, "centi": -2, "deci": -1, "kilo": 3, "mega": 6, "giga": 9, "tera": 12,
}

# Preferred names, best first: what a unit is called in tables, axes and messages. A quotient looks
# for its divisor first, so that 1e-3 g/m^3 reads "ug/mL" and 1e-18 mol/s reads "amol/s".
PREFERRED = [
    "1", "%", "uM", "nM", "mM", "M", "pM", "fM", "s", "min", "h", "ms", "us", "d",
    "amol", "fmol", "pmol", "nmol", "umol", "mmol", "mol", "zmol", "item",
    "mL", "pL", "L", "fL", "nL", "uL", "aL", "ug", "ng", "mg", "g", "pg", "kg",
    "mV", "V", "uV", "pA", "nA", "uA", "mA", "A", "fA", "pS", "nS", "uS", "mS", "S",
    "um", "nm", "mm", "cm", "dm", "m", "K", "pF", "nF", "uF", "F", "kJ", "J", "ohm", "Pa",
    "N", "C", "W",
]
COMMON = [
    *PREFERRED, "hour", "day", "minute", "second", "molecule", "dimensionless", "percent",
    "ug/mL", "1/s", "micromolar", "nanomolar", "kHz", "Hz", "cal", "kDa",
]
# fmt: on

# SBML unit kinds (Level 3 Version 2 core, table 2) that the word table above spells differently.
SBML_KINDS = {"kilogram": "kg", "dimensionless": "1", "radian": "1", "steradian": "1"}

# A unit of the dimension -> what a pharmacologist calls such a quantity.
DIMENSION_WORDS = {
    "uM": "concentration",
    "mol": "amount of substance",
    "s": "time",
    "1/s": "rate (per time)",
    "L": "volume",
    "g": "mass",
    "ug/mL": "mass per volume",
    "1/(uM s)": "rate constant (per concentration and time)",
    "uM/s": "concentration per time",
    "amol/s": "amount per time",
    "L/s": "volume per time",
    "1/uM": "inverse concentration",
    "V": "voltage",
    "A": "current",
    "S": "conductance",
    "F": "capacitance",
    "C": "charge",
    "J": "energy",
    "m": "length",
    "um^2": "area",
    "K": "temperature",
    "g/mol": "molar mass",
}
