"""summary.md, which a GitHub job shows on its page, and annotations, which it shows at the lines of the checks."""

from __future__ import annotations

import os
from collections.abc import Iterator

from conformance.judging.verdict import Outcome
from reports.document.cells import Cell, label, named_cells, worst_first
from reports.document.compliance import Compliance
from reports.formats.common import one_line, place, title
from reports.history.difference import Difference
from reports.history.telling import as_markdown, markdown
from reports.site.headline import SYMBOLS, headline, in_order

#: GitHub shows so many annotations of a step.
MOST = 10
#: Rows of the table of new failures.
ROWS = 100


def summary(document: Compliance, changes: Difference | None) -> str:
    """The run as Markdown: the headline, the counts, what changed, what is new and not right."""
    cells = named_cells(document["verdicts"])
    told = headline(document, cells)
    lines = [f"### Sextant: {told.sentence}", "", f"{told.requirements} requirements, {told.verdicts} verdicts: "
             + ", ".join(f"{SYMBOLS[word]} {count} {word}" for word, count in in_order(told.counts))]  # fmt: skip
    if changes:
        lines += ["", as_markdown(changes)]
    bad = _not_right(cells)
    if bad:
        lines += ["", "| requirement | verdict | who | why |", "|---|---|---|---|"]
        lines += [
            f"| {markdown(each.verdict['requirement'] or 'suite')} | {SYMBOLS[each.verdict['verdict']]}"
            f" {each.verdict['verdict']} | {markdown(label(each))} | {markdown(each.verdict['reason'])} |"
            for each in bad[:ROWS]
        ]
        if len(bad) > ROWS:
            lines += ["", f"and {len(bad) - ROWS} more in the report"]
    return "\n".join(lines) + "\n"


def commands(document: Compliance) -> Iterator[str]:
    """Workflow commands for the first findings that are not listed."""
    for each in _not_right(named_cells(document["verdicts"]))[:MOST]:
        kind = "warning" if each.verdict["verdict"] in (Outcome.WARN, Outcome.INCONCLUSIVE) else "error"
        path, line = place(each.verdict["test"])
        told = f"{each.verdict['verdict']}: {one_line(each.verdict['reason'])}"
        yield f"::{kind} file={_property(path)},line={line},title={_property(title(each))}::{_message(told)}"


def is_here() -> bool:
    """Whether this run is a step of a GitHub workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _not_right(cells: list[Cell]) -> list[Cell]:
    words = (Outcome.ERROR, Outcome.FAIL, Outcome.FLAKY, Outcome.INCONCLUSIVE)
    return [each for each in worst_first(cells)
            if each.verdict["verdict"] in words and not each.verdict["known_deviation"]]  # fmt: skip


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
