"""Allure's results, made of the same document as the page, in the format that allure-pytest writes.

The programs that took part are the parameters of a result, as they are parameters of the pytest test, so that Allure
keeps the history of each apart. Its verdicts are fewer than ours: the word itself is a tag.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import shutil
import uuid
from pathlib import Path

import attr
from allure_commons.model2 import Attachment, Label, Link, Parameter, Status, StatusDetails, TestResult

from conformance.judging.verdict import Outcome
from reports.allure.shown import Shown
from reports.allure.story import Story, as_text, tell
from reports.document.cells import label, named_cells, roles_in_order
from reports.document.compliance import Compliance, Requirement, Verdict
from reports.site.situations import question

FOLDER = "allure-results"

_STATUS: dict[str, str] = {
    Outcome.PASS: Status.PASSED,
    Outcome.WARN: Status.PASSED,
    Outcome.FAIL: Status.FAILED,
    Outcome.FLAKY: Status.FAILED,
    Outcome.INCONCLUSIVE: Status.UNKNOWN,
    Outcome.NOT_APPLICABLE: Status.SKIPPED,
    Outcome.NOT_RUN: Status.SKIPPED,
    Outcome.ERROR: Status.BROKEN,
}
_SEVERITY = {"MUST": "critical", "PLATFORM": "critical", "SHOULD": "normal", "MAY": "minor"}


def write_results(document: Compliance, directory: Path) -> None:
    """Write `allure-results/` into the report's directory, in place of an older one. Raises OSError."""
    folder = directory / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    requirements = {each["id"]: each for each in document["requirements"]}
    families = document.get("families", {})
    shown = Shown(directory, folder)
    when = int(datetime.datetime.fromisoformat(document["run"]["started"]).timestamp() * 1000)
    for cell in named_cells(document["verdicts"]):
        requirement = requirements.get(cell.verdict["requirement"] or "")
        story = tell(cell, requirement, directory)
        source = f"{uuid.uuid4()}-attachment.txt"
        (folder / source).write_text(as_text(story), encoding="utf-8")
        attached = [Attachment(name="story", source=source, type="text/plain"), *shown.attachments(story)]
        _write(folder, _result(story, requirement, families, attached, when))
    facts = {key: value for key, value in document["run"].items() if key in ("kernel", "workers", "command")}
    lines = "".join(f"{key}={value}\n" for key, value in facts.items())
    (folder / "environment.properties").write_text(lines, encoding="utf-8")


def _write(folder: Path, result: TestResult) -> None:
    """A result as Allure's own logger writes it, which takes three times as long: thousands are made of a matrix."""
    told = attr.asdict(result, filter=lambda _, value: value or value is False)
    file = folder / result.file_pattern.format(prefix=uuid.uuid4())
    file.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def _result(
    story: Story, requirement: Requirement | None, families: dict[str, str], attached: list[Attachment], when: int
) -> TestResult:
    verdict = story.cell.verdict
    path, _, test = verdict["test"].partition("[")[0].partition("::")
    words = test.removeprefix("test_").replace("_", " ")
    parties = verdict["implementations"]
    parameters = [Parameter(name=role, value=parties[role]["name"]) for role in roles_in_order(parties)]
    identity = f"{path}::{test} {story.cell.anchor}"
    return TestResult(
        uuid=str(uuid.uuid4()),
        name=f"{verdict['requirement'] or 'suite'} {words} ({label(story.cell)})",
        fullName=f"{path.removesuffix('.py').replace('/', '.')}#{test}",
        testCaseId=_digest(f"{path}::{test}"),
        historyId=_digest(identity),
        description=story.promised,
        status=_STATUS[verdict["verdict"]],
        statusDetails=StatusDetails(
            message=story.seen, known=bool(verdict["known_deviation"]), flaky=verdict["verdict"] == Outcome.FLAKY
        ),
        stage="finished",
        start=when,
        stop=when,
        labels=_labels(verdict, requirement, families),
        links=_links(story, requirement),
        parameters=parameters,
        attachments=attached,
    )


def _links(story: Story, requirement: Requirement | None) -> list[Link]:
    """The cell's page, its packets, its source in an RFC, and where a known deviation is told upstream."""
    found = [Link(type="link", name="page", url=f"index.html#/cell/{story.cell.anchor}")]
    if story.capture:
        found.append(Link(type="link", name="packets", url=story.capture))
    named = re.search(r"RFC (\d+)", requirement["source"]) if requirement else None
    if named:
        found.append(Link(type="link", name=named[0], url=f"https://www.rfc-editor.org/rfc/rfc{named[1]}"))
    upstream = re.search(r"https?://[^\s;]+", story.known or "")
    if upstream:
        found.append(Link(type="issue", name="known deviation", url=upstream[0]))
    return found


def _labels(verdict: Verdict, requirement: Requirement | None, families: dict[str, str]) -> list[Label]:
    """Family and requirement as Allure's behaviours, the module as its suite, the verdict's own word as a tag."""
    family = requirement["family"] if requirement else "suite"
    labels = {
        "epic": families.get(family, family),
        "feature": verdict["requirement"] or "suite",
        "story": verdict.get("part") or question(verdict),
        "suite": Path(verdict["test"].partition("::")[0]).stem,
        "severity": _SEVERITY.get(requirement["level"] if requirement else "", "normal"),
        "framework": "pytest",
        "language": "python",
    }
    tags = [verdict["verdict"], *(["known deviation"] if verdict["known_deviation"] else [])]
    tags += [word for word in (verdict["cloud"], requirement["level"] if requirement else None) if word]
    return [Label(name=name, value=value) for name, value in [*labels.items(), *(("tag", tag) for tag in tags)]]


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
