"""The catalogue of requirements: data in requirements/*.toml, one file for each family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from conformance.catalogue.datafiles import BadData, entries, nearest, one_of, read
from conformance.catalogue.words import CLOUDS, LEVELS, ROLES

FOLDER = Path(__file__).parent / "requirements"

_KEYS: dict[str, type] = {
    "id": str, "level": str, "role": str, "clouds": list, "tier": int, "source": str, "text": str, "stimulus": str,
    "verdict": str, "note": str,
}


@dataclass(frozen=True)
class Requirement:
    """One sentence that somebody promised.

    `clouds` names the clouds whose promise it is (`all` in the file stands for every one). `stimulus` and `verdict`
    sketch how it can be judged, `note` says what the RFC leaves open, `tier` how soon it is wanted (1 first).
    """

    id: str
    family: str
    level: str
    role: str
    clouds: tuple[str, ...]
    tier: int
    source: str
    text: str
    stimulus: str
    verdict: str
    note: str = ""

    @property
    def binding(self) -> bool:
        """A violation is a failure (MUST, PLATFORM), not a warning (SHOULD, MAY)."""
        return self.level in ("MUST", "PLATFORM")


@dataclass(frozen=True)
class Catalogue:
    """All requirements by id, and the families' titles, both in the order of the files."""

    requirements: Mapping[str, Requirement]
    families: Mapping[str, str]

    def named(self, id: str) -> Requirement:
        """The requirement of that id, in any case. Raises BadData with the nearest known id."""
        if id.upper() in self.requirements:
            return self.requirements[id.upper()]
        family, _, number = id.upper().rpartition("-")
        padded = f"{family}-{number:0>2}"
        siblings = [each for each in self.requirements if each.rpartition("-")[0] == family] or self.requirements
        hint = f"; did you mean {padded}?" if padded in self.requirements else nearest(id, siblings)
        raise BadData(f"unknown requirement {id!r}{hint}")

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self.requirements.values())

    def __len__(self) -> int:
        return len(self.requirements)


@cache
def catalogue() -> Catalogue:
    """The project's own catalogue. Raises BadData."""
    return load(FOLDER)


def load(folder: Path) -> Catalogue:
    """The catalogue of a folder of TOML files. Raises BadData: one sentence with the file and the id."""
    requirements: dict[str, Requirement] = {}
    families: dict[str, str] = {}
    origin: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        data = read(path)
        family = _family(path, data, families)
        for row in entries(path, data, "requirement", _KEYS, optional=("note",)):
            requirement = _requirement(path, family, row)
            if requirement.id in requirements:
                raise BadData(f"{path.name}: {requirement.id}: this id is taken already, in {origin[requirement.id]}")
            requirements[requirement.id] = requirement
            origin[requirement.id] = path.name
    return Catalogue(requirements, families)


def _family(path: Path, data: Mapping[str, Any], families: dict[str, str]) -> str:
    for key in data:
        if key not in ("family", "title", "requirement"):
            raise BadData(f"{path.name}: unknown key `{key}`{nearest(key, ('family', 'title', 'requirement'))}")
    family, title = data.get("family"), data.get("title")
    if not isinstance(family, str) or not isinstance(title, str):
        raise BadData(f'{path.name}: it must begin with family = "..." and title = "..."')
    if family in families:
        raise BadData(f"{path.name}: the family {family} has a file already")
    families[family] = title
    return family


def _requirement(path: Path, family: str, row: dict[str, Any]) -> Requirement:
    where = f"{path.name}: {row['id']}"
    prefix, _, number = row["id"].rpartition("-")
    if prefix != family or not number.isdigit():
        raise BadData(f"{where}: an id of this file reads {family}-<number>")
    one_of(where, "level", row["level"], LEVELS)
    one_of(where, "role", row["role"], ROLES)
    clouds = [one_of(where, "clouds", cloud, (*CLOUDS, "all")) for cloud in row.pop("clouds")]
    for key in ("source", "text"):
        if not row[key].strip():
            raise BadData(f"{where}: `{key}` is empty")
    return Requirement(family=family, clouds=CLOUDS if "all" in clouds else tuple(clouds), **row)
