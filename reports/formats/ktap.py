"""results.ktap: the Kernel Test Anything Protocol (Linux, Documentation/dev-tools/ktap.rst), a subtest a family."""

from __future__ import annotations

from conformance.judging.verdict import Outcome
from reports.document.cells import Cell, named_cells
from reports.document.compliance import Compliance
from reports.formats.common import one_line, title


def ktap(document: Compliance) -> str:
    """The file's text."""
    families = {each["id"]: each["family"] for each in document["requirements"]}
    groups: dict[str, list[Cell]] = {}
    for cell in named_cells(document["verdicts"]):
        groups.setdefault(families.get(cell.verdict["requirement"] or "", "suite"), []).append(cell)
    lines = ["KTAP version 1", f"1..{len(groups)}"]
    for number, (family, cells) in enumerate(groups.items(), 1):
        lines += ["  KTAP version 1", f"  # Subtest: {family}", f"  1..{len(cells)}"]
        results = [_line(cell, each) for each, cell in enumerate(cells, 1)]
        lines += [f"  {line}" for line in results]
        good = all(line.startswith("ok") or "# XFAIL" in line for line in results)
        lines.append(f"{'ok' if good else 'not ok'} {number} {family}")
    return "\n".join(lines) + "\n"


def _line(cell: Cell, number: int) -> str:
    word, reason = cell.verdict["verdict"], one_line(cell.verdict["reason"]).replace("#", "\\#")
    name = title(cell).replace("#", "\\#")
    if word in (Outcome.PASS, Outcome.WARN):
        return f"ok {number} {name}" + (f" # warn: {reason}" if word == Outcome.WARN else "")
    if word in (Outcome.NOT_RUN, Outcome.NOT_APPLICABLE):
        return f"ok {number} {name} # SKIP {word}: {reason}"
    if word == Outcome.ERROR:
        return f"not ok {number} {name} # ERROR {reason}"
    return f"not ok {number} {name} # {'XFAIL known: ' if cell.verdict['known_deviation'] else f'{word}: '}{reason}"
