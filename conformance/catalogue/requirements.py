"""The catalogue of requirements: data in requirements/*.toml, one file for each family."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from conformance.catalogue.datafiles import BadData, entries, nearest, one_of, read
from conformance.catalogue.parts import Part, by_requirement, parts_in
from conformance.catalogue.words import CLOUDS, LEVELS
from fixtures.roles import ROLES

FOLDER = Path(__file__).parent / "requirements"

_KEYS: dict[str, type] = {
    "id": str, "level": str, "role": str, "clouds": list, "tier": int, "source": str, "text": str, "stimulus": str,
    "verdict": str, "note": str, "reference": list,
}
_TABLES = ("family", "title", "requirement", "part")


@dataclass(frozen=True)
class Requirement:
    """One sentence that somebody promised.

    `clouds` names the clouds whose promise it is (`all` in the file stands for every one). `stimulus` and `verdict`
    sketch how it can be judged, `note` says what the RFC leaves open, `tier` how soon it is wanted (1 first). `parts`
    are the stimuli that are judged one by one; where there are any, every check names those that it judges. `reference`
    tells where other test suites judge the same; where there are parts, each has its own.
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
    reference: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    def part(self, key: str) -> Part:
        """The part of that key, in any case. Raises BadData with the nearest known one."""
        for part in self.parts:
            if part.key == key.lower():
                return part
        known = [part.id for part in self.parts]
        hint = nearest(f"{self.id}.{key}", known) if known else f"; {self.id} has no parts"
        raise BadData(f"unknown part {f'{self.id}.{key}'!r}{hint}")

    def promise(self, key: str | None) -> Requirement | Part:
        """What a verdict is about: the part of that key, or the requirement where there is none. Raises BadData."""
        return self if key is None else self.part(key)


@dataclass(frozen=True)
class Catalogue:
    """All requirements by id, and the families' titles, both in the order of the files."""

    requirements: Mapping[str, Requirement]
    families: Mapping[str, str]

    def requirement(self, id: str) -> Requirement:
        """The requirement of that id, in any case. Raises BadData with the nearest known id."""
        if id.upper() in self.requirements:
            return self.requirements[id.upper()]
        family, _, number = id.upper().rpartition("-")
        padded = f"{family}-{number:0>2}"
        siblings = [each for each in self.requirements if each.rpartition("-")[0] == family] or self.requirements
        hint = f"; did you mean {padded}?" if padded in self.requirements else nearest(id, siblings)
        raise BadData(f"unknown requirement {id!r}{hint}")

    def promise(self, id: str) -> Requirement | Part:
        """The requirement or the part of that id (`RA-11`, `RA-11.code`), in any case. Raises BadData."""
        requirement, dot, key = id.partition(".")
        return self.requirement(requirement).promise(key if dot else None)

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
        for row in entries(path, data, "requirement", _KEYS, optional=("note", "reference")):
            requirement = _requirement(path, family, row)
            if requirement.id in requirements:
                raise BadData(f"{path.name}: {requirement.id}: this id is taken already, in {origin[requirement.id]}")
            requirements[requirement.id] = requirement
            origin[requirement.id] = path.name
        levels = {each.id: each.level for each in requirements.values() if each.family == family}
        for id, parts in by_requirement(parts_in(path, data, levels)).items():
            requirements[id] = replace(requirements[id], parts=parts)
    return Catalogue(requirements, families)


def _family(path: Path, data: Mapping[str, Any], families: dict[str, str]) -> str:
    for key in data:
        if key not in _TABLES:
            raise BadData(f"{path.name}: unknown key `{key}`{nearest(key, _TABLES)}")
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
    reference = tuple(map(str, row.pop("reference", ())))
    return Requirement(family=family, clouds=CLOUDS if "all" in clouds else tuple(clouds), reference=reference, **row)


def named_parts(where: str, requirement: Requirement, keys: Iterable[object]) -> tuple[str, ...]:
    """The keys of parts of a requirement, as other data names them. Raises BadData where there is no such part."""
    try:
        return tuple(requirement.part(str(key)).key for key in keys)
    except BadData as error:
        raise BadData(f"{where}: {error}") from error
