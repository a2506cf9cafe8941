"""docs/ipv6-ready.md: what the IPv6 Ready Core test judges of a host, and what judges it here.

python -m reports ipv6-ready-doc [REPORT...]   writes it, with the verdicts of these reports and of earlier ones
python -m reports ipv6-ready-doc --check       says whether it is up to date, by its exit status too
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from reports.document import catalogue_rows
from reports.ipv6_ready import verdicts
from reports.ipv6_ready.behaviors import Behavior, behaviors, judged_by
from reports.output import write_whole

PAGE = Path(__file__).parents[2] / "docs" / "ipv6-ready.md"
_TITLES = {"ND": "Neighbor discovery", "RD": "Router and prefix discovery", "REDIRECT": "Redirects",
           "addr": "Addresses and duplicate address detection", "spec": "Headers, options and fragments",
           "icmp": "ICMPv6", "pmtu": "Path MTU"}
_HEAD = """\
# The IPv6 Ready Core test of a host, and Sextant

<!-- Made by `python -m reports ipv6-ready-doc` from the catalogue and reports/ipv6_ready/. -->

The behaviors of a host that the IPv6 Ready Core test judges, in our own words, each with the parts of the catalogue
that judge the same, and what guests did. A part may judge more than the behavior, or by a later RFC.
`script/conformance --profile host-core --guest NAME` plays what is needed, and then
`python -m reports ipv6-ready-doc reports/out` takes over the verdicts. A dot stands where none is at hand.
"""


def text() -> str:
    """The page, as it should be."""
    known = behaviors()
    judged, told = judged_by(catalogue_rows.requirements()), verdicts.kept()
    groups = [_group(group, [each for each in known if each.group == group], judged, told)
              for group in dict.fromkeys(each.group for each in known)]
    return "\n".join([_HEAD, _count(known, judged), *groups])


def outdated() -> list[Path]:
    """The page, where it is not as it should be."""
    return [] if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text() else [PAGE]


def write(reports: Iterable[Path]) -> list[Path]:
    """Take over the verdicts of these reports, and write the page. Raises ReportError and OSError."""
    parts = {part for found in judged_by(catalogue_rows.requirements()).values() for part in found}
    said = verdicts.of_reports(reports, parts)
    if said:
        verdicts.keep(said)
    write_whole(PAGE, text())
    return [PAGE]


def _count(known: list[Behavior], judged: Mapping[str, list[str]]) -> str:
    """How many there are, and how many of them are judged, group by group."""
    whole, done = (Counter(each.group for each in found)
                   for found in (known, [each for each in known if each.name in judged]))
    rows = [f"| {_TITLES[group]} | {count} | {done[group]} |" for group, count in whole.items()]
    last = f"| all | {len(known)} | {done.total()} |"
    return "\n".join(["| group | behaviors | judged |", "|---|---|---|", *rows, last, ""])


def _group(group: str, known: list[Behavior], judged: Mapping[str, list[str]],
           told: Mapping[str, Mapping[str, str]]) -> str:
    guests = list(told)
    rows = [f"| {each.number} | {each.text} | {_parts(each, judged)} |"
            + "".join(f" {_verdict(judged.get(each.name, []), told[guest])} |" for guest in guests) for each in known]
    head = f"| {group} | behavior | judged by |" + "".join(f" {guest} |" for guest in guests)
    return "\n".join([f"## {_TITLES[group]}", "", head, "|---" * (3 + len(guests)) + "|", *rows, ""])


def _parts(behavior: Behavior, judged: Mapping[str, list[str]]) -> str:
    return ", ".join(judged.get(behavior.name, [])) or behavior.note or "nothing yet"


def _verdict(parts: list[str], told: Mapping[str, str]) -> str:
    said = [told[part] for part in parts if part in told]
    return verdicts.worst(said) if said else "·"
