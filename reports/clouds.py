"""clouds/NAME.html: what a cloud's document says, sentence by sentence, and what this run says of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from reports.document.compliance import VERDICTS, Cloud, Compliance, Requirement, Sentence
from reports.document.sentences import about
from reports.drawing.pictures import draw
from reports.matrix import Cell, differences, worst_first
from reports.summary import label

FOLDER = "clouds"


@dataclass(frozen=True)
class Witness:
    """Who took part, with the verdicts of that cast; each has words of its own where there are several."""

    who: str
    cells: list[tuple[Cell, str]]


@dataclass(frozen=True)
class Group:
    """The verdicts with one word about one requirement, by cast; `known` deviations stand by themselves."""

    cells: list[Cell]
    witnesses: list[Witness]


@dataclass(frozen=True)
class Judged:
    """One requirement behind a sentence, with its verdicts, the worst first."""

    id: str
    requirement: Requirement | None
    groups: list[Group]


@dataclass(frozen=True)
class Line:
    """One sentence, as the page shows it."""

    sentence: Sentence
    judged: list[Judged]


@dataclass(frozen=True)
class Section:
    """A section of the document, with its sentences."""

    title: str
    lines: list[Line]


@dataclass(frozen=True)
class Page:
    """One cloud's page, and its line on the first page."""

    cloud: Cloud
    picture: str | None
    sections: list[Section]
    testable: int
    whole: int
    untestable: int
    counts: list[tuple[str, int]]

    @property
    def name(self) -> str:
        """The page's file, seen from the first page."""
        return f"{FOLDER}/{self.cloud['name']}.html"


def pages(document: Compliance, cells: list[Cell]) -> list[Page]:
    """The page of each cloud of a document; none for documents of older runs."""
    requirements = {each["id"]: each for each in document["requirements"]}
    by_sentence: dict[str, list[Sentence]] = {}
    for sentence in document.get("sentences", []):
        by_sentence.setdefault(sentence["cloud"], []).append(sentence)
    return [
        _page(cloud, by_sentence.get(cloud["name"], []), requirements, cells) for cloud in document.get("clouds", [])
    ]


def _page(cloud: Cloud, sentences: list[Sentence], requirements: dict[str, Requirement], cells: list[Cell]) -> Page:
    sections: dict[str, list[Line]] = {}
    for sentence in sentences:
        judged = [_judged(sentence, id, requirements.get(id), cells) for id in sentence["requirements"]]
        sections.setdefault(sentence["where"], []).append(Line(sentence, judged))
    testable = [each for each in sentences if not each["not_testable"]]
    verdicts = Counter(each["verdict"] for each in testable)
    return Page(
        cloud=cloud,
        picture=draw(cloud["topology"]) if cloud["topology"] else None,
        sections=[Section(title, lines) for title, lines in sections.items()],
        testable=len(testable),
        whole=sum(not each["unjudged"] for each in testable),
        untestable=len(sentences) - len(testable),
        counts=[(word, verdicts[word]) for word in VERDICTS if verdicts[word]],
    )


def _judged(sentence: Sentence, id: str, requirement: Requirement | None, cells: list[Cell]) -> Judged:
    counted = about(sentence, requirement, [cell.verdict for cell in cells if cell.verdict["requirement"] == id])
    tests = {each["test"] for each in counted}
    mine = [cell for cell in cells if cell.verdict["requirement"] == id and cell.verdict["test"] in tests]
    groups: dict[tuple[str, bool], list[Cell]] = {}
    for cell in worst_first(mine):
        groups.setdefault((cell.verdict["verdict"], bool(cell.verdict["known_deviation"])), []).append(cell)
    return Judged(id, requirement, [Group(same, _witnesses(same)) for same in groups.values()])


def _witnesses(cells: list[Cell]) -> list[Witness]:
    by_cast: dict[str, list[Cell]] = {}
    for cell in cells:
        by_cast.setdefault(label(cell), []).append(cell)
    return [Witness(who, differences(same)) for who, same in by_cast.items()]
