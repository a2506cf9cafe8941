"""A layered layout for small networks: guests at the bottom, what lies outside at the top.

Every link goes up at least one layer; a link over several layers bends at invisible waypoints, so that it passes
between boxes. Orders within layers come from barycentres, positions from pulling boxes towards their neighbors.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Link = tuple[str, str]

#: Sweeps over all layers; a dozen is more than pictures of some twenty boxes need.
_SWEEPS = 12


@dataclass
class Layout:
    """Where everything is: `rows` from the bottom up, each from left to right; `x` is the middle of a box.

    `paths` are the boxes and waypoints that each link goes through, from its lower end to its upper end, in the order
    of the links.
    """

    rows: list[list[str]] = field(default_factory=list)
    x: dict[str, float] = field(default_factory=dict)
    paths: list[list[str]] = field(default_factory=list)


def arrange(
    widths: Mapping[str, float],
    links: Sequence[Link],
    bottom: Iterable[str],
    abreast: Iterable[str],
    gap: float,
) -> Layout:
    """The layout of boxes of these widths. `bottom` are to be lowest; `abreast` are to be in one row."""
    heights = _heights(list(widths), links, list(bottom), list(abreast))
    layout = Layout()
    rows: dict[int, list[str]] = {}
    for name in widths:
        rows.setdefault(heights[name], []).append(name)
    for number, link in enumerate(links):
        low, high = sorted(link, key=lambda name: heights[name])
        waypoints = [f"{number}@{height}" for height in range(heights[low] + 1, heights[high])]
        for height, waypoint in zip(range(heights[low] + 1, heights[high]), waypoints, strict=True):
            rows.setdefault(height, []).append(waypoint)
        layout.paths.append([low, *waypoints, high])
    layout.rows = [rows[height] for height in sorted(rows)]
    beside = _beside(layout.paths)
    _order(layout.rows, beside)
    layout.x = _positions(layout.rows, beside, widths, gap)
    return layout


def _heights(names: list[str], links: Sequence[Link], bottom: list[str], abreast: list[str]) -> dict[str, int]:
    """The layer of each box: above all boxes of its links that are nearer to the bottom."""
    far = _distances(names, links, bottom or names[:1])
    rank = {name: (far[name], name in abreast, number) for number, name in enumerate(names)}
    below = {
        name: [other for link in links if name in link for other in link if rank[other] < rank[name]] for name in names
    }
    floor = dict.fromkeys(names, 0)
    for _ in range(2):
        heights: dict[str, int] = {}
        for name in sorted(names, key=rank.__getitem__):
            heights[name] = max([floor[name], *(heights[other] + 1 for other in below[name])])
        for name in abreast:
            floor[name] = max(heights[other] for other in abreast)
    return heights


def _distances(names: list[str], links: Sequence[Link], bottom: list[str]) -> dict[str, int]:
    far = dict.fromkeys(bottom, 0)
    queue = deque(bottom)
    while queue:
        here = queue.popleft()
        for link in links:
            for other in link if here in link else ():
                if other not in far:
                    far[other] = far[here] + 1
                    queue.append(other)
    return {name: far.get(name, 0) for name in names}


def _beside(paths: Iterable[Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        for one, other in pairwise(path):
            found.setdefault(one, []).append(other)
            found.setdefault(other, []).append(one)
    return found


def _order(rows: list[list[str]], beside: Mapping[str, Sequence[str]]) -> None:
    """Sort each row by the middle of its neighbors in the row that was sorted before, up and down."""
    for sweep in range(_SWEEPS):
        upwards = sweep % 2 == 0
        numbers = range(1, len(rows)) if upwards else range(len(rows) - 2, -1, -1)
        for number in numbers:
            other = rows[number - 1 if upwards else number + 1]
            place = {name: index / max(1, len(other) - 1) for index, name in enumerate(other)}
            middle = {
                name: _mean([place[each] for each in beside.get(name, ()) if each in place], 0.5)
                for name in rows[number]
            }
            rows[number].sort(key=middle.__getitem__)


def _positions(
    rows: Sequence[Sequence[str]],
    beside: Mapping[str, Sequence[str]],
    widths: Mapping[str, float],
    gap: float,
) -> dict[str, float]:
    """Pull every box towards the middle of its neighbors, as far as those beside it allow."""
    x: dict[str, float] = {}
    for row in rows:
        x |= _spread(dict.fromkeys(row, 0.0), row, widths, gap)
    for _ in range(_SWEEPS):
        for row in (*rows, *reversed(rows)):
            wanted = {name: _mean([x[other] for other in beside.get(name, ())], x[name]) for name in row}
            x |= _spread(wanted, row, widths, gap)
    left = min(x[name] - widths.get(name, 0.0) / 2 for name in x)
    return {name: place - left for name, place in x.items()}


def _spread(
    wanted: Mapping[str, float],
    row: Sequence[str],
    widths: Mapping[str, float],
    gap: float,
) -> dict[str, float]:
    """The positions nearest to the wanted ones in which nothing overlaps: boxes that touch move as one block."""
    blocks: list[tuple[list[float], list[str], list[float]]] = []
    for name in row:
        blocks.append(([wanted[name]], [name], [0.0]))
        while len(blocks) > 1:
            (aims, names, offsets), (later, more, shifts) = blocks[-2], blocks[-1]
            apart = (widths.get(names[-1], 0.0) + widths.get(more[0], 0.0)) / 2 + gap
            start = _mean(aims, 0.0) + offsets[-1] + apart
            if _mean(later, 0.0) >= start:
                break
            base = offsets[-1] + apart
            aims += [aim - base for aim in later]
            names += more
            offsets += [base + shift for shift in shifts]
            blocks.pop()
    return {
        name: _mean(aims, 0.0) + offset
        for aims, names, offsets in blocks
        for name, offset in zip(names, offsets, strict=True)
    }


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
