"""A difference as text for a terminal, as Markdown, and as one HTML page."""

from __future__ import annotations

import html

from conformance.plugin.plain import plain
from reports.document.cells import label
from reports.history.difference import Change, Difference
from reports.site.headline import SYMBOLS

_TITLES = (("worse", "worse"), ("new", "new and not passing"), ("fixed", "better"))


def headline(found: Difference) -> str:
    """The difference in one line."""
    counts = [f"{len(getattr(found, name))} {title}" for name, title in _TITLES if getattr(found, name)]
    rest = f"{found.same} as before"
    gone = f", {found.gone} no longer judged" if found.gone else ""
    added = f", {found.added} judged for the first time" if found.added else ""
    return f"{', '.join(counts) or 'no verdict changed'}; {rest}{added}{gone}"


def as_text(found: Difference) -> str:
    """For a terminal. What programs said cannot move its cursor."""
    lines = [f"from {found.since} to {found.until}: {headline(found)}"]
    for name, title in _TITLES:
        changes = getattr(found, name)
        lines += [f"\n{title}:"] if changes else []
        lines += [f"  {plain(' '.join(_line(each).split()))}" for each in changes]
    return "\n".join(lines) + "\n"


def as_markdown(found: Difference) -> str:
    """For a comment or a job's summary."""
    lines = [f"**From {found.since} to {found.until}:** {headline(found)}"]
    for name, title in _TITLES:
        changes: list[Change] = getattr(found, name)
        if changes:
            lines += ["", f"#### {title.capitalize()}", ""]
            lines += ["| requirement | who | then | now | why |", "|---|---|---|---|---|"]
            for each in changes:
                verdict, symbol = each.cell.verdict, SYMBOLS[each.now.removeprefix("known ")]
                who = f"{markdown(verdict['requirement'] or 'suite')} | {markdown(label(each.cell))}"
                lines.append(f"| {who} | {each.then or ''} | {symbol} {each.now} | {markdown(verdict['reason'])} |")
    return "\n".join(lines) + "\n"


def as_html(found: Difference) -> str:
    """One page that needs nothing."""
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">",
        f"<title>Sextant: {html.escape(headline(found))}</title><h1>{html.escape(headline(found))}</h1>",
        f"<p>From {html.escape(found.since)} to {html.escape(found.until)}.</p>",
    ]
    for name, title in _TITLES:
        changes: list[Change] = getattr(found, name)
        if changes:
            parts.append(f"<h2>{title.capitalize()}</h2><table border=1 cellpadding=4>")
            parts.append("<tr><th>requirement<th>who<th>then<th>now<th>why")
            for each in changes:
                told = (each.cell.verdict["requirement"] or "suite", label(each.cell), each.then or "", each.now)
                row = "".join(f"<td>{html.escape(text)}" for text in (*told, each.cell.verdict["reason"]))
                parts.append(f"<tr>{row}")
            parts.append("</table>")
    return "\n".join(parts) + "\n"


def _line(each: Change) -> str:
    then = f"{each.then} -> " if each.then else ""
    verdict = each.cell.verdict
    return f"{then}{each.now}: {verdict['requirement'] or 'suite'} {label(each.cell)}: {verdict['reason']}"


def markdown(text: str) -> str:
    """Text in a cell of a Markdown table."""
    flat = " ".join(plain(text).split())
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>|#" else letter for letter in flat)
