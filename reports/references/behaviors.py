"""The behaviors of a book, in our own words, and which parts judge the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.catalogue.parts import Part
from conformance.catalogue.requirements import Requirement, catalogue
from conformance.selection.declared import declared_checks
from reports.references.books import Book


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


def behaviors(book: Book) -> list[Behavior]:
    """All of them, in the order of the book."""
    rows = [line.split("\t") for line in book.table.read_text(encoding="utf-8").splitlines()[1:]]
    return [Behavior(group, int(number), text, note) for group, number, text, note in rows]


def judged_by(book: Book) -> Mapping[str, list[str]]:
    """The ids of the requirements and parts that have a check, by the name of the behavior that they refer to."""
    judged, found = {check.id for check in declared_checks()}, defaultdict[str, list[str]](list)
    for requirement in catalogue():
        promises: list[Requirement | Part] = [requirement, *requirement.parts]
        for each in promises:
            for reference in each.reference if each.id in judged else ():
                if reference.startswith(book.prefix):
                    found[reference.removeprefix(book.prefix)].append(each.id)
    return found
