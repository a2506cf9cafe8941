"""gl-code-quality.json: GitLab shows what is not right beside a merge request; sextant.junit.xml is its test report."""

from __future__ import annotations

import hashlib
import json

from conformance.judging.verdict import Outcome
from reports.document.cells import named_cells
from reports.document.compliance import Compliance
from reports.formats.common import one_line, place, title

_SEVERITY: dict[str, str] = {Outcome.ERROR: "blocker", Outcome.FAIL: "critical", Outcome.FLAKY: "major",
                             Outcome.INCONCLUSIVE: "minor", Outcome.WARN: "minor"}


def code_quality(document: Compliance) -> str:
    """The file's text: one entry for each cell that is not right; a known deviation is `info`."""
    entries = []
    for cell in named_cells(document["verdicts"]):
        verdict = cell.verdict
        if verdict["verdict"] not in _SEVERITY:
            continue
        path, line = place(verdict["test"])
        entries.append(
            {
                "description": f"{title(cell)}: {verdict['verdict']}: {one_line(verdict['reason'])}",
                "check_name": verdict["requirement"] or "suite",
                "fingerprint": hashlib.sha256(cell.anchor.encode()).hexdigest(),
                "severity": "info" if verdict["known_deviation"] else _SEVERITY[verdict["verdict"]],
                "location": {"path": path, "lines": {"begin": line}},
            }
        )
    return json.dumps(entries, indent=1) + "\n"
