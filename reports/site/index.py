"""data/index.js: every cell in a few numbers, with what they point to: all that the first page needs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.judging.verdict import Outcome
from reports.document.cells import Cell
from reports.document.compliance import VERDICTS, Compliance, Figure, Verdict, is_stale
from reports.document.recordings import name_of
from reports.site.situations import judged_party, partners, question, situation

#: Bits of a cell's last number.
KNOWN, STALE, DECLINED, MODEL = 1, 2, 4, 8


@dataclass
class Table:
    """Texts that many cells share, each kept once; a cell has its number."""

    rows: list[Any] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def number(self, row: Any) -> int:
        """The number of a row."""
        key = row if isinstance(row, str) else json.dumps(row)
        if key not in self._numbers:
            self._numbers[key] = len(self.rows)
            self.rows.append(row)
        return self._numbers[key]


def index(
    document: Compliance,
    cells: Iterable[Cell],
    plays: Mapping[str, str],
    figures: Iterable[Figure],
    more: Mapping[str, Any],
) -> str:
    """The script. `plays` names the file of each cell's play by the cell's anchor; `more` goes in as it is."""
    requirements = {each["id"]: number for number, each in enumerate(document["requirements"])}
    tables = {name: Table() for name in ("programs", "questions", "situations", "partners", "reasons", "plays")}
    versions: dict[str, set[str]] = {}
    rows = []
    for cell in cells:
        verdict = cell.verdict
        role, name = judged_party(verdict)
        if role in verdict["implementations"]:
            versions.setdefault(f"{role}/{name}", set()).add(verdict["implementations"][role]["version"])
        rows.append([
            cell.anchor,
            requirements.get(verdict["requirement"] or "", -1),
            verdict.get("part"),
            tables["programs"].number([role, name]),
            tables["questions"].number(question(verdict)),
            tables["situations"].number(situation(verdict)),
            tables["partners"].number(partners(verdict)),
            verdict["cloud"],
            VERDICTS.index(verdict["verdict"]),
            tables["reasons"].number(verdict["reason"])
            if verdict["verdict"] != Outcome.PASS or verdict["known_deviation"] else -1,
            tables["plays"].number(plays[cell.anchor]),
            _flags(verdict),
        ])  # fmt: skip
    programs = [[role, name, sorted(versions.get(f"{role}/{name}", ()))] for role, name in tables["programs"].rows]
    told = {
        "run": document["run"],
        "families": document.get("families", {}),
        "requirements": document["requirements"],
        "sentences": document.get("sentences", []),
        "verdicts": VERDICTS,
        **{name: table.rows for name, table in tables.items()},
        "programs": programs,
        "figures": [_figure(each) for each in figures],
        "cells": rows,
        **more,
    }
    return f"Sextant.index({as_script(told)});\n"


def as_script(value: Any) -> str:
    """JSON that may stand in a script, whatever is in it: ASCII, and no `</script>`."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _flags(verdict: Verdict) -> int:
    found = KNOWN * bool(verdict["known_deviation"]) + STALE * is_stale(verdict)
    return found + DECLINED * bool(verdict.get("declined")) + MODEL * (verdict.get("party") == "model")


def _figure(figure: Mapping[str, Any]) -> list[Any]:
    who = {role: each["name"] for role, each in figure["implementations"].items()}
    play = name_of(figure["recording"]) if figure.get("recording") else None
    return [figure["name"], figure["unit"], figure["value"], who, figure.get("requirement"), play]

