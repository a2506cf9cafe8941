"""compliance.json: the one source of every page. Its schema is `schema/compliance-1.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from conformance.judging.verdict import WORST_FIRST, Outcome
from fixtures.roles import APPLICATION, GUEST, ROLES
from reports.errors import ReportError

SCHEMA = 1
SCHEMA_FILE = Path(__file__).parent / "schema" / f"compliance-{SCHEMA}.schema.json"

#: The words of verdicts, worst first.
VERDICTS: tuple[str, ...] = WORST_FIRST
#: The words of roles, in the order in which a reader expects the parties.
READING_ORDER = (GUEST, APPLICATION, *(role for role in ROLES if role not in (GUEST, APPLICATION)))


class Implementation(TypedDict):
    """A program that took part."""

    name: str
    version: str


class Evidence(TypedDict):
    """A packet or event that decided a verdict; `time` is seconds since the play started.

    `fields` are those of the packet that the verdict turned on, by the names that the report has for them.
    """

    kind: str
    node: str | None
    interface: str | None
    frame: int | None
    time: float
    text: str
    fields: NotRequired[Sequence[str]]


class Declined(TypedDict):
    """Who of a cast said that it does not play this, in which role, and who else would have played that role."""

    name: str
    role: str
    others: list[str]


class TraceLine(TypedDict):
    """One step of a traceback, the outermost first."""

    file: str
    line: int
    function: str
    text: str


class Verdict(TypedDict):
    """One cell: a requirement judged on one play.

    `part` is the part of the requirement that was judged, where it has any; `party` is what kind of thing the verdict
    is about: program, kernel, peer or model.
    """

    requirement: str | None
    part: NotRequired[str | None]
    party: NotRequired[str | None]
    test: str
    implementations: dict[str, Implementation]
    cloud: str | None
    role: str | None
    scenario: str | None
    verdict: str
    reason: str
    declined: NotRequired[Declined | None]
    known_deviation: Any
    evidence: list[Evidence]
    traceback: NotRequired[list[TraceLine]]
    captured: NotRequired[str | None]
    recording: str | None
    reproduce: str


class Figure(TypedDict):
    """A measured number."""

    name: str
    value: float
    unit: str
    implementations: dict[str, Implementation]
    requirement: NotRequired[str | None]
    recording: NotRequired[str | None]


class Check(TypedDict):
    """A check of a requirement, and how many mutants prove that it can fail.

    `cloud` is the cloud whose document it judges, None for every network; `sentences` are those that it judges of that
    document, none named: all that name its requirement. `specification` is what it expects, in a few sentences;
    `proofs` are its mutants, each with the reason for which it has to fail on them.
    """

    test: str
    mutants: int
    cloud: NotRequired[str | None]
    sentences: NotRequired[list[str]]
    specification: NotRequired[str]
    proofs: NotRequired[list[str]]


class Part(TypedDict):
    """One stimulus of a requirement, which is judged by itself; `checks` is empty when nothing judges it yet.

    `reference` tells where other test suites judge the same.
    """

    id: str
    level: str
    text: str
    source: str
    reference: list[str]
    checks: list[Check]


class Requirement(TypedDict):
    """One sentence of the catalogue; `checks` is empty when nothing judges it yet.

    `parts` are its stimuli one by one; where there are any, every verdict names one of them.
    """

    id: str
    level: str
    family: str
    role: str
    source: str
    text: str
    clouds: list[str]
    checks: NotRequired[list[Check]]
    parts: NotRequired[list[Part]]


class Node(TypedDict):
    """A node of a topology; `kind` is Guest, Peer, ComputeHost, VirtualRouter, Segment or a class of its own."""

    name: str
    kind: str


class End(TypedDict):
    """One end of a link; a segment's ends have no interface."""

    node: str
    interface: str
    addresses: list[str]


class Stage(TypedDict):
    """A topology; each link has two ends."""

    name: str
    nodes: list[Node]
    links: list[list[End]]


class Cloud(TypedDict):
    """A cloud: its document, what is real in its plays and what is modelled, and its topology where there is one."""

    name: str
    title: str
    document: str
    real: list[str]
    modelled: list[str]
    topology: Stage | None


class Sentence(TypedDict):
    """A sentence of a cloud's document in our words, and what this run says of it.

    `not_testable` is the reason, or None. `verdict` is the worst of those that count, None where there is none;
    `counts` are all of them by word; `unjudged` are the requirements of which nothing is known after this run;
    `model_alone` says that whatever counts is about models of the suite, and about nobody else.
    """

    id: str
    cloud: str
    where: str
    text: str
    requirements: list[str]
    not_testable: str | None
    note: str | None
    verdict: str | None
    counts: dict[str, int]
    unjudged: list[str]
    model_alone: NotRequired[bool]


class Shard(TypedDict):
    """Which part of a selection a run was: `index` of `number`, `selected` cells in all.

    `suite` and `selection` are digests: only shards that agree in both are parts of one run.
    """

    index: int
    number: int
    suite: str
    selection: str
    selected: int


class PlayedAgain(TypedDict):
    """A play that the host disturbed, so that another one took its place: `reason` is what disturbed it."""

    recording: str
    reason: str


class Run(TypedDict):
    """Facts of the run. `started` is UTC in ISO 8601; `selected` counts the cells that were asked for.

    `played_again` is there when plays were; `shard` when the run was a part of one, `shards` when it was put together
    from so many.
    """

    started: str
    duration_s: float
    cpu_s: float
    kernel: str
    workers: int
    command: str
    selected: NotRequired[int]
    stopped: NotRequired[str | None]
    stall_s: NotRequired[float | None]
    played_again: NotRequired[list[PlayedAgain]]
    shard: NotRequired[Shard]
    shards: NotRequired[int]


class Compliance(TypedDict):
    """The whole document."""

    schema: int
    run: Run
    families: NotRequired[dict[str, str]]
    requirements: list[Requirement]
    clouds: NotRequired[list[Cloud]]
    sentences: NotRequired[list[Sentence]]
    verdicts: list[Verdict]
    figures: list[Figure]


def by_requirement(verdict: Verdict) -> tuple[str, str]:
    """The order of verdicts."""
    return verdict["requirement"] or "~", verdict["test"]


def by_name(figure: Figure) -> tuple[str, str, list[str], str, float]:
    """The order of figures."""
    who = [f"{role} {each['name']} {each['version']}" for role, each in sorted(figure["implementations"].items())]
    return figure["name"], figure.get("requirement") or "", who, figure.get("recording") or "", figure["value"]


def is_stale(verdict: Mapping[str, Any]) -> bool:
    """Whether a passing cell is still listed as a known deviation: the list is wrong now."""
    return verdict["verdict"] == Outcome.PASS and bool(verdict["known_deviation"])


def dumps(document: Compliance) -> str:
    """The document as text: one verdict on one line, so that two runs can be compared with `diff`."""
    parts: list[str] = []
    for key, value in document.items():
        if isinstance(value, list):
            rows = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in value)
            text = f"[\n{rows}\n ]" if rows else "[]"
        else:
            text = json.dumps(value, ensure_ascii=False)
        parts.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def load(path: Path) -> Compliance:
    """Read a document. Raises ReportError when it is missing, broken or of another schema."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"cannot read {path}: {error.strerror}; name the directory of a report.") from error
    except ValueError as error:
        raise ReportError(f"{path} is not JSON ({error}); it was cut or edited: run the suite again.") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema is None:
        raise ReportError(f"{path} is no compliance.json; name the directory of a report.")
    if schema != SCHEMA:
        raise ReportError(f"{path} has schema {schema!r}, but this version of Sextant reads schema {SCHEMA}.")
    lacking = [key for key in ("run", "requirements", "verdicts", "figures") if key not in document]
    if lacking:
        raise ReportError(f"{path} lacks {', '.join(lacking)}; it was cut or edited: run the suite again.")
    return document  # type: ignore[no-any-return]
