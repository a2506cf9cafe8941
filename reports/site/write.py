"""The report's site: index.html, what it loads (site/), and the data of cells and plays (data/)."""

from __future__ import annotations

import os
import re
import shutil
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.judging.verdict import Outcome
from reports.document.catalogue_rows import stage
from reports.document.cells import Cell, named_cells, worst_first
from reports.document.compliance import Cloud, Compliance, Figure
from reports.document.recordings import name_of
from reports.drawing.pictures import draw
from reports.output import write_whole
from reports.site.headline import ALARMING, SYMBOLS, headline, in_order
from reports.site.index import index
from reports.site.plays import play_text, recorded_play, script
from reports.site.squares import squares
from reports.site.template import template
from reports.site.working import Told, working

PAGE, DATA, ASSETS = "index.html", "data", "site"
HERE = Path(__file__).parent / "assets"
#: The scripts in the order in which they have to run, and the style sheets.
SCRIPTS = (
    "base.js", "words.js", "store.js", "filters.js", "pcapng.js", "dissect.js", "dissect-nd.js", "dissect-dhcpv6.js",
    "dissect-others.js", "play.js", "bands.js", "ladder-model.js", "ladder.js", "decode.js", "state.js", "cell.js",
    "front.js", "squares.js", "matrix.js", "export.js", "pages.js", "clouds.js", "figures.js", "app.js",
)  # fmt: skip
#: The last script, which shows the page when the data is there.
START = "start.js"
STYLES = ("base.css", "front.css", "cell.css", "print.css")
#: Nothing but scripts, styles and pictures that lie beside the page; no request to anywhere.
POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
)
#: So many findings are told to who reads without JavaScript.
MOST_TOLD = 200


@dataclass
class Site:
    """What the pages are made of; `scripts` are the plays' by their names."""

    document: Compliance
    cells: list[Cell]
    data: str = ""
    scripts: dict[str, str] = field(default_factory=dict)


def assemble(document: Compliance, base: Path, more: Mapping[str, Any]) -> Site:
    """Everything but the files. Recordings are looked up in `base`; `more` is for the first page (history, changes)."""
    site = Site(document, named_cells(document["verdicts"]))
    groups: dict[str, list[Cell]] = {}
    for cell in site.cells:
        groups.setdefault(_key(cell), []).append(cell)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        made = list(pool.map(lambda group: _make(group, base), groups.values()))
    marks: dict[str, dict[str, bool]] = {}
    figures = list(document["figures"])
    topologies: set[str] = set()
    for (key, cells), (text, told, topology) in zip(groups.items(), made, strict=True):
        site.scripts[key] = script(key, text)
        if any(cell.verdict["verdict"] != Outcome.NOT_APPLICABLE for cell in cells):
            marks[cells[0].verdict["recording"] or ""] = told.marks
        figures += [_figure(cells[0], name, value) for name, value in told.times.items()]
        topologies |= {topology} if topology else set()
    plays = {cell.anchor: key for key, cells in groups.items() for cell in cells}
    told_too = {
        "grid": squares(site.cells, marks),
        "stages": {name: picture for name in sorted(topologies) if (picture := _picture(name))},
        "clouds": [_cloud(cloud) for cloud in document.get("clouds", [])],
    }
    site.data = index(document, site.cells, plays, figures, {**told_too, **more})
    return site


def write_site(site: Site, directory: Path) -> None:
    """Write the site into the report's directory. Raises OSError."""
    for folder in (DATA, ASSETS):
        shutil.rmtree(directory / folder, ignore_errors=True)
        (directory / folder).mkdir()
    for name in (*SCRIPTS, START, *STYLES):
        shutil.copyfile(HERE / name, directory / ASSETS / name)
    (directory / DATA / "index.js").write_text(site.data, encoding="ascii")
    for key, text in site.scripts.items():
        (directory / DATA / f"{key}.js").write_text(text, encoding="ascii")
    write_whole(directory / PAGE, page(site))


def page(site: Site) -> str:
    """The first page, which loads everything else from beside itself and nothing from elsewhere."""
    return rendered(site, policy="; ".join(POLICY), single=False)


def rendered(site: Site, **parts: Any) -> str:
    """The page's template, filled."""
    head = headline(site.document, site.cells)
    told = {"inline_style": "", "inline_scripts": "", "styles": STYLES, "scripts": SCRIPTS} | parts
    return template("index.html").render(
        headline=head,
        counts=in_order(head.counts),
        symbols=SYMBOLS,
        run=site.document["run"],
        clouds=site.document.get("clouds", []),
        bad=[cell.verdict for cell in worst_first(site.cells) if cell.verdict["verdict"] in ALARMING][:MOST_TOLD],
        **told,
    )


def _key(cell: Cell) -> str:
    """The name of the script that has a cell: its play's, or that of all cells of its family that were not played."""
    recording = cell.verdict["recording"]
    if not recording:
        return f"unplayed-{re.sub(r'[^A-Za-z0-9]', '', (cell.verdict['requirement'] or 'suite').partition('-')[0])}"
    name = name_of(recording)
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", name)[:80].lstrip(".-") or "play"
    return plain if plain == name else f"{plain}-{zlib.crc32(name.encode('utf-8', 'replace')):08x}"


def _make(cells: Sequence[Cell], base: Path) -> tuple[str, Told, str | None]:
    play = recorded_play(base, cells[0].verdict["recording"])
    topology = (play.head or {}).get("play", {}).get("topology")
    return play_text(cells, play), working(play), topology


def _picture(topology: str) -> str | None:
    found = stage(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", topology))
    return draw(found, styled=False) if found else None


def _cloud(cloud: Cloud) -> dict[str, Any]:
    picture = draw(cloud["topology"], styled=False) if cloud["topology"] else None
    return {**cloud, "topology": None, "picture": picture}


def _figure(cell: Cell, name: str, value: float) -> Figure:
    """A time that the report itself took from a recording."""
    verdict = cell.verdict
    return {"name": name, "value": round(value, 6), "unit": "s", "implementations": verdict["implementations"],
            "requirement": None, "recording": verdict["recording"]}  # fmt: skip
