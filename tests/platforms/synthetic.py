"""Cells of a run, in as few words as a test needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

KNOWN = {"source": "https://bugs.example/7", "reason": "it repeats itself"}


def cell(test: str, verdict: str = "pass", *, version: str = "9.4", reason: str = "as promised",
         known: object = None, requirement: str = "RA-05") -> Any:
    who = {"guest": {"name": "dhcpcd", "version": version}}
    return {"requirement": requirement, "test": test, "verdict": verdict, "reason": reason, "known_deviation": known,
            "role": "guest", "implementations": who}


def run(*cells: Any) -> dict[tuple[str, str], Any]:
    return {(each["requirement"], each["test"]): each for each in cells}


def report(folder: Path, *cells: Any) -> Path:
    """A report's directory with these cells."""
    folder.mkdir(parents=True)
    facts = {"started": "2026-01-01T00:00:00Z", "duration_s": 80.0}
    document = {"schema": 1, "run": facts, "requirements": [], "verdicts": cells, "figures": []}
    (folder / "compliance.json").write_text(json.dumps(document))
    return folder
