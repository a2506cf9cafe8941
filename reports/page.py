"""index.html and the clouds' pages, made of the document and the recordings beside it; they ask for nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from reports import clouds, interop, summary
from reports.document.compliance import Compliance, is_stale
from reports.matrix import differences, families, named
from reports.story import as_text, tell

TEMPLATES = Path(__file__).parent / "templates"

#: Shape and word, so that no verdict is told by its colour alone.
SYMBOLS = {
    "pass": "✓",
    "fail": "✗",
    "warn": "▲",
    "inconclusive": "?",
    "not-applicable": "–",
    "not-run": "○",
    "error": "‼",
    "flaky": "≈",
}
#: A table of more columns shows symbols only, with upright names above them.
WIDE = 16
MEANINGS = {
    "pass": "judged, with evidence",
    "fail": "a MUST or PLATFORM requirement is violated; “known” where the deviation is listed with its source",
    "warn": "a SHOULD is violated",
    "inconclusive": "the stimulus did not take place, or the machine was too late to tell",
    "not-applicable": "the implementation says, with a source, that it lacks the feature",
    "not-run": "too slow for an ordinary run, or a program that is not installed",
    "error": "the suite or a program broke: nothing is known",
    "flaky": "repeated plays disagree",
}


def render(document: Compliance, base: Path) -> str:
    """The page's HTML. `base` is the directory it will lie in, where the recordings are looked up."""
    cells = named(document["verdicts"])
    requirements = {each["id"]: each for each in document["requirements"]}
    found = families(document, cells)
    in_order = [
        cell
        for family in found
        for table in family.tables
        for row in table.rows
        for column in table.columns
        for cell in row.cells.get(column, ())
    ]
    return _template("index.html").render(
        clouds=clouds.pages(document, cells),
        run=document["run"],
        requirements=requirements,
        judged={cell.verdict["requirement"] for cell in cells} & requirements.keys(),
        cells=cells,
        counts=summary.counts(cells),
        known=sum(bool(cell.verdict["known_deviation"]) for cell in cells if cell.verdict["verdict"] == "fail"),
        alarms=summary.alarms(cells),
        blind_spots=summary.blind_spots(document, cells),
        families=found,
        grid=interop.grid(cells),
        measures=summary.measures(document["figures"]),
        programs=summary.programs(cells),
        stories=[tell(cell, requirements.get(cell.verdict["requirement"] or ""), base) for cell in in_order],
        symbols=SYMBOLS,
        meanings=MEANINGS,
        wide=WIDE,
    )


def render_clouds(document: Compliance) -> dict[str, str]:
    """The HTML of each cloud's page, by its file's name below the report's directory."""
    every = clouds.pages(document, named(document["verdicts"]))
    template = _template("cloud.html")
    return {page.name: template.render(page=page, clouds=every, run=document["run"], symbols=SYMBOLS) for page in every}


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["stale"] = is_stale
    environment.filters |= {"differences": differences, "label": summary.label, "as_text": as_text, "number": number}
    return environment.get_template(name)


def number(value: float) -> str:
    """A measured number without false precision."""
    return f"{value:.4g}" if abs(value) < 10000 else f"{value:.0f}"
