"""Traceability: what each cloud's document says, sentence by sentence, and which requirements judge it.

Data in traceability/*.toml, one file for each cloud. Sentences are our own paraphrases, never quotations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from conformance.catalogue.datafiles import BadData, checked, entries, nearest, read
from conformance.catalogue.requirements import Catalogue, catalogue
from conformance.catalogue.words import CLOUDS

FOLDER = Path(__file__).parent / "traceability"

_HEAD: dict[str, type] = {"cloud": str, "title": str, "document": str, "topology": str, "real": list, "modelled": list}
_KEYS: dict[str, type] = {"id": str, "where": str, "text": str, "requirements": list, "not-testable": str, "note": str}


@dataclass(frozen=True)
class Sentence:
    """One sentence of a cloud's document in our words; `where` is the section that it stands in.

    `not_testable` says why nothing can judge it; it is empty where `requirements` do. `note` is for the reader.
    """

    id: str
    cloud: str
    where: str
    text: str
    requirements: tuple[str, ...]
    not_testable: str = ""
    note: str = ""


@dataclass(frozen=True)
class Cloud:
    """One cloud: its document, its topology's name, what is real on it and what is modelled, and its sentences."""

    name: str
    title: str
    document: str
    topology: str
    real: tuple[str, ...]
    modelled: tuple[str, ...]
    sentences: tuple[Sentence, ...]

    @property
    def requirements(self) -> frozenset[str]:
        """All requirements that its sentences name."""
        return frozenset(id for sentence in self.sentences for id in sentence.requirements)


@cache
def clouds() -> Mapping[str, Cloud]:
    """The five clouds by name. Raises BadData."""
    return load(FOLDER, catalogue())


def cloud_named(name: str) -> Cloud:
    """The cloud of that name, in any case. Raises BadData with the nearest known name."""
    if name.lower() in clouds():
        return clouds()[name.lower()]
    raise BadData(f"unknown cloud {name!r}{nearest(name, clouds())} (known: {', '.join(clouds())})")


def load(folder: Path, known: Catalogue) -> dict[str, Cloud]:
    """The clouds of a folder of TOML files, in the order of the vocabulary. Raises BadData: one sentence."""
    found = {}
    for path in sorted(folder.glob("*.toml")):
        data = read(path)
        rows = list(entries(path, data, "sentence", _KEYS, optional=("requirements", "not-testable", "note")))
        head = checked(path.name, {key: data[key] for key in data if key != "sentence"}, _HEAD)
        name = head.pop("cloud")
        if name not in CLOUDS:
            raise BadData(f"{path.name}: unknown cloud {name!r}{nearest(name, CLOUDS)}")
        sentences = tuple(_sentences(path, name, rows, known))
        real, modelled = tuple(head.pop("real")), tuple(head.pop("modelled"))
        found[name] = Cloud(name, real=real, modelled=modelled, sentences=sentences, **head)
    return {name: found[name] for name in CLOUDS if name in found}


def _sentences(path: Path, cloud: str, rows: Iterable[dict[str, Any]], known: Catalogue) -> Iterator[Sentence]:
    taken: set[str] = set()
    for row in rows:
        where = f"{path.name}: {row['id']}"
        if row["id"] in taken:
            raise BadData(f"{where}: this id is taken already")
        if row["id"].rpartition("-")[0] != cloud or not row["id"].rpartition("-")[2].isdigit():
            raise BadData(f"{where}: an id of this file reads {cloud}-<number>")
        taken.add(row["id"])
        requirements, reason = tuple(row.get("requirements", ())), row.get("not-testable", "").strip()
        if bool(requirements) == bool(reason):
            raise BadData(f"{where}: it needs either `requirements` that judge it or a reason why it is `not-testable`")
        for id in requirements:
            try:
                known.requirement(str(id))
            except BadData as error:
                raise BadData(f"{where}: {error}") from error
        yield Sentence(row["id"], cloud, row["where"], row["text"], requirements, reason, row.get("note", ""))
