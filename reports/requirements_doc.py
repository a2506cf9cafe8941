"""docs/requirements.md, made of the catalogue and the checks: every requirement with its parts, and what judges each.

python -m reports requirements-doc            writes it
python -m reports requirements-doc --check    says whether it is up to date, by its exit status too
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from conformance.catalogue.parts import Part
from conformance.catalogue.requirements import Requirement, catalogue
from conformance.judging.check import Check
from conformance.selection.declared import declared_checks
from reports.output import write_whole

PAGE = Path(__file__).parent.parent / "docs" / "requirements.md"

_HEAD = """\
# All requirements

<!-- Made by `python -m reports requirements-doc` from conformance/catalogue/requirements/ and the checks. -->

What is promised, by whom and where it is written, and what judges it: the checks, the plays whose recordings they read,
and how many mutants each has to fail on. "any play" stands where a check is passive and judges all of them.
{requirements} requirements, {parts} parts; of the {promises} promises {judged} are judged.
"""


def text() -> str:
    """The page, as it should be."""
    by_promise: dict[str, list[Check]] = defaultdict(list)
    for check in declared_checks():
        by_promise[check.id].append(check)
    known = list(catalogue())
    promises = [promise for each in known for promise in _promises(each)]
    head = _HEAD.format(requirements=len(known), parts=sum(len(each.parts) for each in known),
                        promises=len(promises), judged=sum(each.id in by_promise for each in promises))
    chapters = [_chapter(title, [each for each in known if each.family == family], by_promise)
                for family, title in catalogue().families.items()]
    return "\n".join([head, *chapters])


def outdated_pages() -> list[Path]:
    """The page, where it is not as it should be."""
    return [] if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text() else [PAGE]


def write() -> list[Path]:
    """Write the page; returns it. Raises OSError."""
    write_whole(PAGE, text())
    return [PAGE]


def _promises(requirement: Requirement) -> list[Requirement | Part]:
    """What verdicts are about: the parts, or the requirement where it has none."""
    return [*requirement.parts] or [requirement]


def _chapter(title: str, requirements: Iterable[Requirement], by_promise: Mapping[str, list[Check]]) -> str:
    lines = [f"## {title}", ""]
    for each in requirements:
        lines += [f"### {each.id}", "", f"{each.level}, {each.role}. {_line(each.text)} ({each.source})", "",
                  "| promise | level | source | judged by | in | mutants |", "|---|---|---|---|---|---|",
                  *(_row(promise, by_promise.get(promise.id, []), each) for promise in _promises(each)), ""]
    return "\n".join(lines)


def _row(promise: Requirement | Part, checks: list[Check], requirement: Requirement) -> str:
    what = f"`{promise.id}` {_line(promise.text)}" if isinstance(promise, Part) else f"`{promise.id}`"
    names = list(dict.fromkeys(f"`{check.name}`" for check in checks))
    plays = dict.fromkeys(name for check in checks for name in _plays(check))
    fewest = min((len(check.mutants) for check in checks), default=0)
    level, source = (promise.level, promise.source) if promise is not requirement else ("", "")
    judged = ", ".join(names) or "nothing yet"
    return f"| {what} | {level} | {source} | {judged} | {', '.join(plays)} | {fewest or ''} |"


def _plays(check: Check) -> Iterable[str]:
    if check.passive:
        yield "any play"
    for scenario in check.scenarios:
        yield scenario.name


def _line(text: str) -> str:
    """A text of the catalogue on one line of a table."""
    return " ".join(text.split()).replace("|", "\\|")
