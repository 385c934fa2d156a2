"""Doses as people say them.

Enters: a dose and its unit. Leaves: text for tables and figures.
"""

from __future__ import annotations

import math

__all__ = ["dose_text"]

_STEPS = ((1e-3, 1e6, "pM"), (1.0, 1e3, "nM"), (1e3, 1.0, "uM"), (math.inf, 1e-3, "mM"))


def dose_text(dose: float, unit: str) -> str:
    """Three digits of a dose: 0.0163 uM is "16.3 nM"; units other than uM stay as they are."""
    if unit != "uM":
        return f"{dose:.3g} {unit}".strip()
    factor, name = next((f, n) for below, f, n in _STEPS if not dose >= below)
    # 999.6 nM would be "1e+03 nM".
    digits = ".3g" if dose * factor < 999.5 else ".0f"
    return f"{dose * factor:{digits}} {name}"
