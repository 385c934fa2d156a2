"""One look for every figure: readable in print, on a projector and for the colour-blind.

Enters: nothing. Leaves: colours, line styles and an rc context. Called by the other plot modules.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = [
    "ACCENTS",
    "GREY",
    "LINE_STYLES",
    "axis_label",
    "new_axes",
    "styled",
    "unit_signs",
]

# Okabe M, Ito K (2008) "Color Universal Design", the palette for all kinds of colour vision, in an
# order in which neighbours also differ in lightness, so that a grey print keeps them apart.
ACCENTS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
GREY = "#6E6E6E"
LINE_STYLES = ("-", "--", "-.", ":")

_RC: dict[str, Any] = {
    "figure.dpi": 110,
    "savefig.dpi": 200,
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.9,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 6),
    "axes.formatter.use_mathtext": True,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "lines.linewidth": 2.0,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "image.cmap": "cividis",
}


@contextmanager
def styled() -> Iterator[None]:
    """Apply the look inside a ``with`` block, and nowhere else."""
    import matplotlib as mpl

    with mpl.rc_context(_RC):  # type: ignore[arg-type]
        yield


def new_axes(ax: Any | None, *, figsize: tuple[float, float] = (6.0, 4.0)) -> Any:
    """Return ``ax``, or the axes of a new figure if it is None.

    The new figure is registered with pyplot, so that notebooks show it.
    """
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=figsize, layout="constrained")[1]


def axis_label(name: str, unit: str) -> str:
    """``name [unit]``, or the name alone where there is no unit."""
    return f"{name} [{unit_signs(unit)}]" if unit and unit != "1" else name


def unit_signs(text: str) -> str:
    """Text with µ for the u of typed units."""
    return text.replace("uM", "µM").replace("ug", "µg").replace("uL", "µL")
