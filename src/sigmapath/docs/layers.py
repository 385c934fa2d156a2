"""Places for the nodes of a scheme: in layers, from what acts down to what is acted on.

Enters: node widths and arrows. Leaves: positions and the points every arrow passes. The method is
that of Sugiyama, Tagawa and Toda 1981 (doi:10.1109/TSMC.1981.4308636): cycles are cut, nodes put
in layers, long arrows given a place in every layer they cross, each layer ordered by the medians of
its neighbours, and places within it found by least squares in that order. No randomness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sigmapath.record import record

__all__ = ["Placement", "place"]

_SWEEPS = 24
_GAP = 0.35
_WAYPOINT = 0.12


@record
class Placement:
    """Positions of the nodes, and the points of every arrow from tail to head.

    ``layer`` counts downwards; lengths across are those of the widths given.
    """

    x: Mapping[str, float]
    layer: Mapping[str, int]
    routes: Mapping[tuple[str, str], tuple[tuple[float, float], ...]]


def place(widths: Mapping[str, float], arrows: Sequence[tuple[str, str]]) -> Placement:
    """Place nodes of given widths.

    Parameters
    ----------
    widths : mapping node -> width, in the order in which ties are broken
    arrows : sequence of (tail, head)

    Notes
    -----
    Parts that no arrow joins are placed beside each other, the largest first.
    """
    x: dict[str, float] = {}
    layer: dict[str, int] = {}
    routes: dict[tuple[str, str], tuple[tuple[float, float], ...]] = {}
    edge = 0.0
    for part in _parts(list(widths), arrows):
        own = {name: widths[name] for name in part}
        placed = _place_part(own, [pair for pair in arrows if pair[0] in own])
        ends = [(placed.x[name], own[name] / 2) for name in own]
        ends += [(at, 0.0) for points in placed.routes.values() for at, _ in points]
        shift = edge - min(at - half for at, half in ends)
        edge = shift + max(at + half for at, half in ends) + 2 * _GAP
        x |= {name: at + shift for name, at in placed.x.items()}
        layer |= placed.layer
        for pair, points in placed.routes.items():
            routes[pair] = tuple((at + shift, level) for at, level in points)
    return Placement(x=x, layer=layer, routes=routes)


def _parts(names: list[str], arrows: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Sets of nodes that arrows join, whatever their direction; the largest first."""
    part = {name: name for name in names}

    def root(name: str) -> str:
        while part[name] != name:
            name = part[name]
        return name

    for tail, head in arrows:
        part[root(head)] = root(tail)
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(root(name), []).append(name)
    return sorted(found.values(), key=lambda entry: -len(entry))


def _place_part(widths: Mapping[str, float], arrows: Sequence[tuple[str, str]]) -> Placement:
    forward = _without_cycles(list(widths), arrows)
    layer = _layers(list(widths), forward)
    width = dict(widths)
    chains: dict[tuple[str, str], list[str]] = {}
    links: list[tuple[str, str]] = []
    for tail, head in sorted(set(forward), key=forward.index):
        chain = [tail]
        for level in range(layer[tail] + 1, layer[head]):
            point = f"{tail}|{head}|{level}"
            layer[point], width[point] = level, _WAYPOINT
            chain.append(point)
        chain.append(head)
        chains[tail, head] = chain
        links += zip(chain, chain[1:], strict=False)
    rows = _ordered(layer, links)
    x = _across(rows, links, width)
    routes = {}
    for tail, head in arrows:
        down = chains.get((tail, head))
        points = down if down is not None else chains[head, tail][::-1]
        routes[tail, head] = tuple((x[name], float(layer[name])) for name in points)
    return Placement(
        x={name: x[name] for name in widths},
        layer={name: layer[name] for name in widths},
        routes=routes,
    )


def _without_cycles(names: list[str], arrows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Turn arrows round so that none leads back to where it came from.

    Greedy order of Eades, Lin and Smyth 1993 (doi:10.1016/0020-0190(93)90079-O): sinks last,
    sources first, else the node with most arrows out over arrows in.
    """
    left = list(names)
    first: list[str] = []
    last: list[str] = []
    edges = [(a, b) for a, b in arrows if a != b]
    while left:
        alive = set(left)
        live = [(a, b) for a, b in edges if a in alive and b in alive]
        out = {n: sum(a == n for a, _ in live) for n in left}
        into = {n: sum(b == n for _, b in live) for n in left}
        sinks = [n for n in left if not out[n] and into[n]]
        sources = [n for n in left if not into[n]]
        if sources:
            first.append(sources[0])
            left.remove(sources[0])
        elif sinks:
            last.insert(0, sinks[-1])
            left.remove(sinks[-1])
        else:
            best = max(left, key=lambda n: out[n] - into[n])
            first.append(best)
            left.remove(best)
    rank = {name: i for i, name in enumerate(first + last)}
    return [(a, b) if rank[a] < rank[b] else (b, a) for a, b in edges]


def _layers(names: list[str], forward: list[tuple[str, str]]) -> dict[str, int]:
    """Layer of every node: below all that points to it, as close to what it points to as can be."""
    level = dict.fromkeys(names, 0)
    for _ in names:
        for a, b in forward:
            level[b] = max(level[b], level[a] + 1)
    for _ in names:
        for name in names:
            below = [level[b] for a, b in forward if a == name]
            if below:
                level[name] = max(level[name], min(below) - 1)
    return level


def _ordered(layer: Mapping[str, int], links: list[tuple[str, str]]) -> list[list[str]]:
    """Order within layers by the medians of neighbours, keeping the order with fewest crossings."""
    rows: list[list[str]] = [[] for _ in range(max(layer.values(), default=0) + 1)]
    for name, level in layer.items():
        rows[level].append(name)
    up: dict[str, list[str]] = {name: [] for name in layer}
    down: dict[str, list[str]] = {name: [] for name in layer}
    for a, b in links:
        down[a].append(b)
        up[b].append(a)
    best, fewest = [list(row) for row in rows], _crossings(rows, down)
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        levels = range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1)
        for level in levels:
            other = rows[level - 1 if downwards else level + 1]
            spot = {name: i for i, name in enumerate(other)}
            _sort_by_median(rows[level], up if downwards else down, spot)
        count = _crossings(rows, down)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    return best


def _sort_by_median(
    row: list[str], neighbours: Mapping[str, list[str]], spot: Mapping[str, int]
) -> None:
    def key(entry: tuple[int, str]) -> float:
        position, name = entry
        spots = sorted(spot[n] for n in neighbours[name])
        if not spots:
            return float(position)
        middle = len(spots) // 2
        return spots[middle] if len(spots) % 2 else (spots[middle - 1] + spots[middle]) / 2

    row[:] = [name for _, name in sorted(enumerate(row), key=key)]


def _crossings(rows: list[list[str]], down: Mapping[str, list[str]]) -> int:
    count = 0
    for above, below in zip(rows, rows[1:], strict=False):
        spot = {name: i for i, name in enumerate(below)}
        ends = [[spot[n] for n in down[name]] for name in above]
        for i, first in enumerate(ends):
            for second in ends[i + 1 :]:
                count += sum(a > b for a in first for b in second)
    return count


def _across(
    rows: list[list[str]], links: list[tuple[str, str]], width: Mapping[str, float]
) -> dict[str, float]:
    """Places within the layers: towards the mean of all neighbours, never overlapping."""
    x: dict[str, float] = {}
    for row in rows:
        edge = 0.0
        for name in row:
            x[name] = edge + width[name] / 2
            edge += width[name] + _GAP
        for name in row:
            x[name] -= edge / 2
    near: dict[str, list[str]] = {name: [] for name in x}
    for a, b in links:
        near[a].append(b)
        near[b].append(a)
    for sweep in range(2 * _SWEEPS):
        for row in rows if sweep % 2 else rows[::-1]:
            wanted = [
                sum(x[n] for n in near[name]) / len(near[name]) if near[name] else x[name]
                for name in row
            ]
            # Straight long arrows are worth more than centred boxes.
            weights = [4.0 if "|" in name else 1.0 for name in row]
            x.update(zip(row, _spread(row, wanted, weights, width), strict=True))
    return x


def _spread(
    row: list[str], wanted: list[float], weights: list[float], width: Mapping[str, float]
) -> list[float]:
    """Nearest places in the given order without overlap: isotonic regression (pool adjacent)."""
    offsets, edge = [], 0.0
    for i, name in enumerate(row):
        if i:
            edge += (width[row[i - 1]] + width[name]) / 2 + _GAP
        offsets.append(edge)
    blocks: list[list[float]] = []  # mean, weight, count
    for value, offset, weight in zip(wanted, offsets, weights, strict=True):
        blocks.append([value - offset, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, heavy, count = blocks.pop()
            before = blocks[-1]
            total = before[1] + heavy
            before[0] = (before[0] * before[1] + mean * heavy) / total
            before[1], before[2] = total, before[2] + count
    means = [mean for mean, _, count in blocks for _ in range(int(count))]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
