"""Small figures as SVG text: courses and dose curves of a claim's runs, for the report.

Enters: arrays. Leaves: SVG that stands in an HTML page without any library.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np

from sigmapath.evidence.measures import FloatArray

__all__ = ["lines_svg"]

# Okabe and Ito's palette: told apart with any colour vision.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 420.0, 220.0, 64.0, 36.0, 14.0
_LEGEND = 150.0


def lines_svg(
    x: FloatArray, lines: Mapping[str, FloatArray], *, x_label: str, y_label: str, log_x: bool
) -> str:
    """Draw lines over one axis.

    Parameters
    ----------
    x : ndarray, shape (n,)
        Positive where ``log_x``.
    lines : mapping name -> ndarray, shape (n,)
    x_label, y_label : str
    log_x : bool
    """
    shown = {name: y for name, y in lines.items() if np.isfinite(y).any()}
    if not shown or len(x) < 2:
        return ""
    across = np.log10(x) if log_x else x
    low = min(float(np.nanmin(y)) for y in shown.values())
    high = max(float(np.nanmax(y)) for y in shown.values())
    pad = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - pad, high + pad
    plot_width = _WIDTH - _LEFT - 8.0
    plot_height = _HEIGHT - _TOP - _BOTTOM

    def px(value: FloatArray) -> FloatArray:
        found: FloatArray = _LEFT + (value - across[0]) / (across[-1] - across[0]) * plot_width
        return found

    def py(value: FloatArray) -> FloatArray:
        return _TOP + (high - value) / (high - low) * plot_height

    parts = [
        f'<svg viewBox="0 0 {_WIDTH + _LEGEND:g} {_HEIGHT:g}" width="{_WIDTH + _LEGEND:g}" '
        f'role="img" aria-label="{escape(y_label, quote=True)}">',
        f'<rect x="{_LEFT:g}" y="{_TOP:g}" width="{plot_width:g}" height="{plot_height:g}" '
        'fill="none" stroke="#888"/>',
    ]
    for i, (name, y) in enumerate(shown.items()):
        colour = _COLOURS[i % len(_COLOURS)]
        inside = np.isfinite(y)
        points = " ".join(
            f"{a:.1f},{b:.1f}" for a, b in zip(px(across[inside]), py(y[inside]), strict=True)
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        )
        parts.append(
            f'<text x="{_WIDTH + 4:g}" y="{_TOP + 12 + 15 * i:g}" fill="{colour}">'
            f"{escape(name)}</text>"
        )
    parts += [
        f'<text x="{_LEFT - 4:g}" y="{float(py(np.array(value))) + 4:.1f}" '
        f'text-anchor="end">{value:.3g}</text>'
        for value in (low + pad, high - pad)
    ]
    for value, at in ((x[0], _LEFT), (x[-1], _LEFT + plot_width)):
        parts.append(
            f'<text x="{at:g}" y="{_HEIGHT - 20:g}" text-anchor="middle">{value:.3g}</text>'
        )
    middle = _LEFT + plot_width / 2
    parts.append(
        f'<text x="{middle:g}" y="{_HEIGHT - 6:g}" text-anchor="middle">{escape(x_label)}</text>'
    )
    parts.append(f'<text x="{_LEFT:g}" y="10">{escape(y_label)}</text></svg>')
    return "".join(parts)
