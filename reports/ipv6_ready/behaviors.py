"""The behaviors that the IPv6 Ready Core test judges of a host, in our own words, and which parts judge the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reports.document.compliance import Requirement

TABLE = Path(__file__).with_name("host.tsv")
#: How a part's `reference` names one: `IPv6 Ready host ND 24`.
_PREFIX = "IPv6 Ready host "


@dataclass(frozen=True)
class Behavior:
    """One of them; `note` says why it is not judged, where that is not for want of a check."""

    group: str
    number: int
    text: str
    note: str

    @property
    def name(self) -> str:
        """As references name it: `ND 24`."""
        return f"{self.group} {self.number}"


def behaviors() -> list[Behavior]:
    """All of them, in the order of that test."""
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]]
    return [Behavior(group, int(number), text, note) for group, number, text, note in rows]


def judged_by(requirements: list[Requirement]) -> Mapping[str, list[str]]:
    """The ids of the parts that have a check, by the name of the behavior that they refer to."""
    found: dict[str, list[str]] = defaultdict(list)
    for requirement in requirements:
        for part in requirement["parts"]:
            for reference in part["reference"]:
                if part["checks"] and reference.startswith(_PREFIX):
                    found[reference.removeprefix(_PREFIX)].append(part["id"])
    return found
