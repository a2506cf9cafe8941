"""clouds/NAME.html: what a cloud's document says, sentence by sentence, and what this run says of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from reports.compliance import VERDICTS, Cloud, Compliance, Requirement, Sentence
from reports.matrix import Cell, cast
from reports.pictures import draw
from reports.sentences import about
from reports.summary import label

FOLDER = "clouds"


@dataclass(frozen=True)
class Witness:
    """One verdict as a link: who took part, and where that leaves it open, in which test."""

    cell: Cell
    who: str
    detail: str


@dataclass(frozen=True)
class Judged:
    """One requirement behind a sentence, with its verdicts by word, the worst first."""

    id: str
    requirement: Requirement | None
    groups: list[tuple[str, list[Witness]]]


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
    return [_page(cloud, by_sentence.get(cloud["name"], []), requirements, cells)
            for cloud in document.get("clouds", [])]


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
    groups = []
    for word in VERDICTS:
        same = [cell for cell in mine if cell.verdict["verdict"] == word]
        shared = Counter(cast(cell.verdict) for cell in same)
        witnesses = [Witness(cell, label(cell), _situation(cell) if shared[cast(cell.verdict)] > 1 else "")
                     for cell in same]
        if witnesses:
            groups.append((word, witnesses))
    return Judged(id, requirement, groups)


def _situation(cell: Cell) -> str:
    """The test and its situation, without those who took part in it."""
    test, _, within = cell.verdict["test"].rpartition("::")[2].rstrip("]").partition("[")
    for name in {each["name"] for each in cell.verdict["implementations"].values()}:
        within = within.replace(name, "")
    return " ".join([test.removeprefix("test_").replace("_", " "), *within.replace("+", "-").split("-")]).strip()
