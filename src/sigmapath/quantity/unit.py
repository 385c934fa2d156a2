"""A unit as a value: an exact scale and exponents, with products, quotients and powers.

Enters: scales and exponents from the readers. Leaves: :class:`Unit`, passed on by all.
"""

from __future__ import annotations

import math
from dataclasses import field
from fractions import Fraction
from typing import SupportsFloat

from sigmapath.errors import UnitError
from sigmapath.record import record

__all__ = ["DIMENSIONLESS", "Unit"]

_MAX_EXPONENT = 24
_MAX_DECADES = 300


@record
class Unit:
    """A unit: an exact scale and the exponents of the base quantities.

    Parameters
    ----------
    scale : Fraction
        How many coherent SI units (mol, m, s, kg, A, K, cd) one of this unit is.
    dimensions : tuple of float, shape (7,)
        Exponents of substance, length, time, mass, current, temperature, luminous intensity.
        Counts (item, molecule) are substance: one is 1/N_A mol.
    text : str
        As it was written; not compared. :func:`unit_text` gives the preferred name.
    """

    scale: Fraction
    dimensions: tuple[float, ...]
    text: str = field(default="", compare=False)

    @property
    def factor(self) -> float:
        """``scale`` as a float."""
        return float(self.scale)

    @property
    def is_dimensionless(self) -> bool:
        """Whether all exponents are zero (percent too)."""
        return not any(self.dimensions)

    def fits(self, other: Unit) -> bool:
        """Whether values can be converted from one to the other."""
        return self.dimensions == other.dimensions

    def reciprocal(self) -> Unit:
        """Return one over this unit."""
        return Unit(scale=1 / self.scale, dimensions=tuple(-e for e in self.dimensions))

    def __mul__(self, other: Unit) -> Unit:
        summed = (a + b for a, b in zip(self.dimensions, other.dimensions, strict=True))
        return Unit(scale=self.scale * other.scale, dimensions=tuple(summed))

    def __truediv__(self, other: Unit) -> Unit:
        return self * other.reciprocal()

    def __pow__(self, exponent: SupportsFloat) -> Unit:
        power = Fraction(str(float(exponent))).limit_denominator(1000)
        decades = abs(power) * Fraction(abs(_decades(self.scale)))
        if abs(power) > _MAX_EXPONENT or decades > _MAX_DECADES:
            raise UnitError(
                "this power of a unit is too large",
                found=f"({self.text or self.factor})^{float(exponent):g}",
                expected=f"an exponent between -{_MAX_EXPONENT} and {_MAX_EXPONENT}",
            )
        exact = power.denominator == 1
        scale = self.scale ** int(power) if exact else Fraction(float(self.scale) ** float(power))
        return Unit(
            scale=scale, dimensions=tuple(round(e * float(power), 9) for e in self.dimensions)
        )


DIMENSIONLESS = Unit(scale=Fraction(1), dimensions=(0.0,) * 7, text="1")


def _decades(scale: Fraction) -> float:
    """log10 of a positive fraction of any size."""
    return (math.log2(scale.numerator) - math.log2(scale.denominator)) * math.log10(2.0)
