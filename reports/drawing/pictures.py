"""Pictures of topologies: SVG with text that can be selected, light or dark as the reader has it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise

from reports.document.compliance import Stage
from reports.drawing.layout import Layout, arrange

#: What a reader calls the kinds of nodes; others are shown by their own name.
KINDS = {"Guest": "guest", "Peer": "host", "ComputeHost": "compute host", "VirtualRouter": "router"}

_GAP, _LAYER, _MARGIN = 26.0, 58.0, 12.0
_LINE, _HEAD, _PAD = 15.0, 24.0, 9.0
#: Width of a character in CSS pixels at the sizes below, on the wide side.
_WIDE, _MONO = 7.6, 6.7
#: Interfaces without an address share lines of about so many characters.
_PER_LINE = 24

STYLE = """
.topology { --box: #fff; --edge: #8b949e; --text: #1b1f24; --soft: #59636e; --guest: #2f7d4f; --host: #7a5ea8;
  --compute: #0b5cad; --router: #a85a00; --segment: #59636e; font: 13px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { .topology { --box: #1d232a; --edge: #76818d; --text: #e4e8ec; --soft: #9aa5b1;
  --guest: #57b37e; --host: #b297e0; --compute: #5aa2ec; --router: #e39a45; --segment: #9aa5b1; } }
.topology path { fill: none; stroke: var(--edge); stroke-width: 1.6; }
.topology rect { fill: var(--box); stroke: var(--tone, var(--edge)); stroke-width: 1.4; }
.topology .bar { fill: var(--tone); stroke: none; }
.topology text { fill: var(--text); }
.topology .name { font-weight: 650; }
.topology .kind { fill: var(--soft); font-size: 11px; }
.topology .address { font: 11px ui-monospace, monospace; }
.topology .Guest { --tone: var(--guest); } .topology .Peer { --tone: var(--host); }
.topology .ComputeHost { --tone: var(--compute); } .topology .VirtualRouter { --tone: var(--router); }
.topology .Segment { --tone: var(--segment); } .topology .Segment text { fill: var(--box); }
.topology .Segment rect { fill: var(--segment); }
"""


@dataclass(frozen=True)
class _Box:
    """A node as it is drawn."""

    name: str
    kind: str
    lines: tuple[str, ...]

    @property
    def flat(self) -> bool:
        return self.kind == "Segment"

    @property
    def width(self) -> float:
        head = len(self.name) * _WIDE + (0 if self.flat else 10 + len(KINDS.get(self.kind, self.kind)) * _WIDE * 0.85)
        return max(head, *(len(line) * _MONO for line in self.lines), 46.0) + 2 * _PAD

    @property
    def height(self) -> float:
        return 22.0 if self.flat else _HEAD + len(self.lines) * _LINE + (_PAD if self.lines else 4)


def draw(stage: Stage, styled: bool = True) -> str:
    """The picture of a topology, as an `svg` element that also stands alone as a file.

    Without its style (`STYLE`) it is for a page that has it already.
    """
    boxes = {
        name: _Box(name, kind, _interfaces(stage, name))
        for name, kind in ((node["name"], node["kind"]) for node in stage["nodes"])
    }
    links = [(one["node"], other["node"]) for one, other in stage["links"]]
    layout = arrange(
        {name: box.width for name, box in boxes.items()},
        links,
        _bottom(boxes, links),
        [name for name, box in boxes.items() if box.kind == "ComputeHost"],
        _GAP,
    )
    tall = [max([boxes[name].height for name in row if name in boxes], default=0.0) for row in layout.rows]
    total = sum(tall) + _LAYER * (len(tall) - 1)
    middles = [total - sum(tall[:number]) - _LAYER * number - tall[number] / 2 for number in range(len(tall))]
    y = {name: middle for row, middle in zip(layout.rows, middles, strict=True) for name in row}
    width = max(layout.x[name] + boxes[name].width / 2 for name in boxes) + 2 * _MARGIN
    parts = [_path(number, layout, boxes, y) for number in range(len(links))]
    parts += [_draw(box, layout.x[name], y[name]) for name, box in boxes.items()]
    title = f"Topology {stage['name']}: {', '.join(boxes)}"
    return (
        f'<svg class="topology" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}"'
        f' viewBox="{-_MARGIN} {-_MARGIN} {width:.0f} {total + 2 * _MARGIN:.0f}" width="{width:.0f}">'
        + (f"<style>{STYLE}</style>\n" if styled else "")
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _interfaces(stage: Stage, node: str) -> tuple[str, ...]:
    """The lines of a box: each address with its interface, then the interfaces that have none."""
    ends = [end for link in stage["links"] for end in link if end["node"] == node and end["interface"]]
    lines = []
    for end in ends:
        for number, address in enumerate(end["addresses"]):
            name = end["interface"] if number == 0 else " " * len(end["interface"])
            lines.append(f"{name} {address}")
    bare = ""
    for name in [end["interface"] for end in ends if not end["addresses"]]:
        if len(bare) + len(name) >= _PER_LINE:
            lines.append(bare)
            bare = ""
        bare += f"{' ' if bare else ''}{name}"
    return tuple([*lines, bare] if bare else lines)


def _bottom(boxes: dict[str, _Box], links: list[tuple[str, str]]) -> list[str]:
    """The guests, and the leaves that share a segment with one; without guests the leaves of the first segment."""
    beside = {name: [other for link in links if name in link for other in link if other != name] for name in boxes}
    guests = [name for name, box in boxes.items() if box.kind == "Guest"]
    segments = [name for name, box in boxes.items() if box.flat]
    shared = [name for name in segments if any(guest in beside[name] for guest in guests)] if guests else segments[:1]
    leaves = [name for segment in shared for name in beside[segment] if len(beside[name]) == 1 and name not in guests]
    return [*guests, *leaves]


def _path(number: int, layout: Layout, boxes: dict[str, _Box], y: dict[str, float]) -> str:
    """A link: from the top of the lower box to the bottom of the upper one, smoothly through its waypoints."""
    path = layout.paths[number]
    low, high = boxes[path[0]], boxes[path[-1]]
    points = [(layout.x[name], y[name]) for name in path]
    start, end = _ports(layout, low, high, number)
    points[0], points[-1] = (start, y[low.name] - low.height / 2), (end, y[high.name] + high.height / 2)
    words = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        half = (y0 + y1) / 2
        words.append(f"C{x0:.1f} {half:.1f} {x1:.1f} {half:.1f} {x1:.1f} {y1:.1f}")
    return f'<path d="{" ".join(words)}"/>'


def _ports(layout: Layout, low: _Box, high: _Box, number: int) -> tuple[float, float]:
    """Where a link meets its boxes. An end that is alone on its side is put opposite the other, where it can be."""
    upwards, downwards = _side(layout, low.name, 0), _side(layout, high.name, -1)
    start, end = _port(layout, low, upwards, number), _port(layout, high, downwards, number)
    if len(layout.paths[number]) == 2 and len(upwards) == 1:
        return _inside(layout, low, end), end
    if len(layout.paths[number]) == 2 and len(downwards) == 1:
        return start, _inside(layout, high, start)
    return start, end


def _side(layout: Layout, name: str, end: int) -> list[int]:
    """The links on the upper (0) or lower (-1) side of a box, from left to right by their next boxes or waypoints."""
    mine = [index for index, path in enumerate(layout.paths) if path[end] == name]
    return sorted(mine, key=lambda index: (layout.x[layout.paths[index][1 if end == 0 else -2]], index))


def _port(layout: Layout, box: _Box, side: list[int], number: int) -> float:
    step = min(30.0, (box.width - 2 * _PAD) / max(1, len(side)))
    return layout.x[box.name] + (side.index(number) - (len(side) - 1) / 2) * step


def _inside(layout: Layout, box: _Box, x: float) -> float:
    """That position where it is near the middle of the box, else the middle: straight lines, and none at a corner."""
    middle = layout.x[box.name]
    return x if abs(x - middle) <= min(24.0, box.width / 2 - _PAD) else middle


def _draw(box: _Box, x: float, y: float) -> str:
    left, top = x - box.width / 2, y - box.height / 2
    radius = box.height / 2 if box.flat else 6
    parts = [
        f'<g class="{escape(box.kind)}"><rect x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}"'
        f' height="{box.height:.1f}" rx="{radius:g}"/>'
    ]
    if box.flat:
        parts.append(f'<text class="name" x="{x:.1f}" y="{y + 4.5:.1f}" text-anchor="middle">{escape(box.name)}</text>')
    else:
        parts.append(
            f'<rect class="bar" x="{left:.1f}" y="{top + 3:.1f}" width="4" height="{box.height - 6:.1f}" rx="2"/>'
        )
        parts.append(
            f'<text x="{left + _PAD:.1f}" y="{top + 17:.1f}"><tspan class="name">{escape(box.name)}</tspan>'
            f' <tspan class="kind" dx="4">{escape(KINDS.get(box.kind, box.kind))}</tspan></text>'
        )
    for number, line in enumerate(box.lines):
        parts.append(
            f'<text class="address" xml:space="preserve" x="{left + _PAD:.1f}"'
            f' y="{top + _HEAD + 11 + number * _LINE:.1f}">{escape(line)}</text>'
        )
    return "".join([*parts, "</g>"])
