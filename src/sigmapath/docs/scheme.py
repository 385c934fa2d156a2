"""The picture of a scheme.

Enters: a :class:`~sigmapath.docs.influences.Diagram`. Leaves: SVG text, the same bytes every time,
or a PNG file.
"""

from __future__ import annotations

import io
from typing import Any

from sigmapath.docs.influences import Arrow, Diagram, Node
from sigmapath.docs.layers import Placement, place
from sigmapath.plot.style import ACCENTS, GREY, styled

__all__ = ["KINDS_OF_ARROW", "scheme_svg"]

# Lengths in inches.
_LAYER = 0.78
_HEIGHT = 0.30
_WIDE, _NARROW = 0.094, 0.075
_MARGIN = 0.35
_STEP = 0.09
_ASIDE = 0.07
_FONT = 9.5

_BLUE, _VERMILION, _GREEN = ACCENTS[0], ACCENTS[1], ACCENTS[2]
_BOXES: dict[str, dict[str, Any]] = {
    "species": {"facecolor": "#DCEBF6", "edgecolor": _BLUE, "linestyle": "-"},
    "variable": {"facecolor": "#E3F3EC", "edgecolor": _GREEN, "linestyle": "-"},
    "outside": {"facecolor": "#FFFFFF", "edgecolor": GREY, "linestyle": "--"},
    "input": {"facecolor": "#FBEEDD", "edgecolor": "#B57400", "linestyle": "-"},
}
# Colour, line, end of the arrow and its words in the legend.
KINDS_OF_ARROW: dict[str, tuple[str, str, str, str]] = {
    "becomes": ("#222222", "-", "-|>", "becomes"),
    "back and forth": ("#222222", "-", "<|-|>", "becomes, and back"),
    "raises": (_GREEN, "--", "-|>", "raises"),
    "lowers": (_VERMILION, "--", "|-|", "lowers"),
    "changes": (GREY, "--", "-|>", "acts, up or down or once switched on"),
}


def scheme_svg(scheme: Diagram) -> str:
    """Return the picture as SVG text; no date, no random ids."""
    with styled():
        import matplotlib as mpl

        with mpl.rc_context({"svg.hashsalt": "sigmapath", "svg.fonttype": "path"}):
            stream = io.StringIO()
            _figure(scheme).savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _width(node: Node) -> float:
    if node.kind == "step":
        return _STEP
    return 0.26 + sum(_WIDE if c.isupper() or c in "mw_" else _NARROW for c in node.id)


def _figure(scheme: Diagram) -> Any:
    from matplotlib.figure import Figure

    placed = place(
        {node.id: _width(node) for node in scheme.nodes},
        [(arrow.tail, arrow.head) for arrow in scheme.arrows],
    )
    widths = {node.id: _width(node) for node in scheme.nodes}
    low = min((placed.x[n] - widths[n] / 2 for n in widths), default=0.0) - _MARGIN
    high = max((placed.x[n] + widths[n] / 2 for n in widths), default=1.0) + _MARGIN
    for points in placed.routes.values():
        low, high = (
            min(low, *(x - 0.2 for x, _ in points)),
            max(high, *(x + 0.2 for x, _ in points)),
        )
    deepest = max(placed.layer.values(), default=0)
    high = max(high, low + 5.2)
    height = (deepest + 1) * _LAYER + _MARGIN + 0.45
    figure = Figure(figsize=(high - low, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(low, high)
    axes.set_ylim(-height + _LAYER / 2 + 0.1, _LAYER / 2 + 0.1)
    axes.set_axis_off()
    for arrow in scheme.arrows:
        _draw_arrow(axes, arrow, placed, {n.id: n for n in scheme.nodes})
    for node in scheme.nodes:
        _draw_node(axes, node, placed)
    _draw_legend(axes, scheme, low + 0.2, -height + _LAYER / 2 + 0.32)
    return figure


def _draw_node(axes: Any, node: Node, placed: Placement) -> None:
    from matplotlib.patches import Circle, FancyBboxPatch

    x, y = placed.x[node.id], -_LAYER * placed.layer[node.id]
    if node.kind == "step":
        axes.add_patch(Circle((x, y), _STEP / 2, facecolor="#222222", edgecolor="none", zorder=3))
        return
    width = _width(node) - 0.08
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - _HEIGHT / 2), width, _HEIGHT,
            boxstyle=f"round,pad=0,rounding_size={0.02 if node.kind == 'input' else 0.12}",
            linewidth=1.1, zorder=3, **_BOXES[node.kind],
        )
    )  # fmt: skip
    axes.text(x, y, node.id, ha="center", va="center_baseline", fontsize=_FONT, zorder=4)


def _draw_arrow(axes: Any, arrow: Arrow, placed: Placement, nodes: dict[str, Node]) -> None:
    from matplotlib.patches import FancyArrowPatch, PathPatch

    colour, line, end, _ = KINDS_OF_ARROW[arrow.kind]
    points = [(x, -_LAYER * level) for x, level in placed.routes[arrow.tail, arrow.head]]
    if (arrow.head, arrow.tail) in placed.routes:
        aside = _ASIDE if arrow.tail < arrow.head else -_ASIDE
        points = [(x + aside, y) for x, y in points]
    points[0] = _edge(points[0], points[1], nodes[arrow.tail])
    points[-1] = _edge(points[-1], points[-2], nodes[arrow.head])
    into_step = nodes[arrow.head].kind == "step" and arrow.kind == "becomes"
    path = _smooth(points)
    if into_step:
        axes.add_patch(
            PathPatch(path, facecolor="none", edgecolor=colour, linestyle=line, linewidth=1.2)
        )
        return
    style = {
        "-|>": "-|>,head_length=4.5,head_width=2.2",
        "<|-|>": "<|-|>,head_length=4.5,head_width=2.2",
        "|-|": "|-|,widthA=0,widthB=3.2",
    }[end]
    axes.add_patch(
        FancyArrowPatch(
            path=path, arrowstyle=style, mutation_scale=1.0, color=colour, linewidth=1.2,
            linestyle=line if end != "<|-|>" else "-", zorder=2,
        )
    )  # fmt: skip


def _edge(here: tuple[float, float], there: tuple[float, float], node: Node) -> tuple[float, float]:
    """Point on the border of a node towards the next point of an arrow."""
    x, y = here
    half = _STEP / 2 if node.kind == "step" else _HEIGHT / 2 + 0.02
    if there[1] != y:
        side = 0.0
        if node.kind != "step":
            reach = _width(node) / 2 - 0.16
            side = max(-reach, min(reach, 0.35 * (there[0] - x)))
        return (x + side, y + (half if there[1] > y else -half))
    reach = _width(node) / 2
    return (x + (reach if there[0] > x else -reach), y)


def _smooth(points: list[tuple[float, float]]) -> Any:
    """A curve through the points, upright at its ends and without overshoot between.

    The slope at a point is that of Fritsch and Butland 1984 (doi:10.1137/0905021): the harmonic
    mean of those beside it, none where they differ in sign.
    """
    from matplotlib.path import Path as Curve

    slopes = [0.0]
    for (x0, y0), (x1, y1), (x2, y2) in zip(points, points[1:], points[2:], strict=False):
        before, after = (x1 - x0) / (y1 - y0), (x2 - x1) / (y2 - y1)
        slopes.append(2 * before * after / (before + after) if before * after > 0 else 0.0)
    slopes.append(0.0)
    vertices, codes = [points[0]], [Curve.MOVETO]
    for i, ((x0, y0), (x1, y1)) in enumerate(zip(points, points[1:], strict=False)):
        third = (y1 - y0) / (2.2 if len(points) == 2 else 3.0)
        vertices += [
            (x0 + slopes[i] * third, y0 + third),
            (x1 - slopes[i + 1] * third, y1 - third),
            (x1, y1),
        ]
        codes += [Curve.CURVE4] * 3
    return Curve(vertices, codes)


def _draw_legend(axes: Any, scheme: Diagram, x: float, y: float) -> None:
    used = {arrow.kind for arrow in scheme.arrows}
    for kind, (colour, line, _, words) in KINDS_OF_ARROW.items():
        if kind in used:
            mark = {"lowers": "⊣", "back and forth": "⇄"}.get(kind, "→")
            axes.text(
                x, y, f"{mark} {words}", color=colour, fontsize=_FONT - 1, va="center",
                style="normal" if line == "-" else "italic",
            )  # fmt: skip
            x += _NARROW * (len(words) + 6)
