"""Known deviations: data in deviations/*.toml, one file for each implementation, named like it.

A known deviation counts as a failure in the report; it only keeps the run from being red, until it stops failing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from packaging.specifiers import SpecifierSet

from conformance.catalogue.datafiles import BadData, entries, nearest, one_of, read
from conformance.catalogue.requirements import Catalogue, catalogue, named_parts
from conformance.catalogue.versions import BadRange, parse_range, within
from fixtures.names import product_of
from fixtures.recording.model import Program
from fixtures.roles import ROLES

FOLDER = Path(__file__).parent / "deviations"

_KEYS: dict[str, type] = {
    "requirement": str, "parts": list, "role": str, "versions": str, "source": str, "reason": str, "recording": str,
    "tests": list, "sometimes": bool,
}


@dataclass(frozen=True)
class Deviation:
    """One requirement that one implementation, in some versions, is known to violate.

    `parts` are the keys of those of its parts that deviate; none means all.
    `source` is an upstream link or an argument from the RFC, `recording` says which play shows it. `tests` are globs
    over test ids (`test_renew*[*dhclient]`), where only some cells of the requirement deviate; none means all.
    `sometimes` is for a program that violates the requirement in some runs only: a pass does not end the deviation.
    """

    implementation: str
    requirement: str
    role: str
    versions: SpecifierSet
    source: str
    reason: str
    recording: str
    tests: tuple[str, ...] = field(default=())
    sometimes: bool = False
    parts: tuple[str, ...] = ()

    def covers(
        self, requirement: str, part: str | None, test: str, implementations: Mapping[str, Program]
    ) -> bool:
        """Whether a cell is this deviation: requirement, key of the part, test's name, and the program in its role."""
        program = implementations.get(self.role)
        return (
            requirement == self.requirement
            and program is not None
            and product_of(program.name) == self.implementation
            and within(program.version, self.versions)
            and (not self.parts or part in self.parts)
            and (not self.tests or any(matches(test, glob) for glob in self.tests))
        )

    def as_json(self) -> dict[str, str]:
        """What the report tells of it."""
        return {
            "implementation": self.implementation, "role": self.role, "versions": str(self.versions),
            "source": self.source, "reason": self.reason, "recording": self.recording,
        }


@cache
def deviations() -> tuple[Deviation, ...]:
    """The project's own known deviations. Raises BadData."""
    return load(FOLDER, catalogue())


def known_deviation(requirement: str, part: str | None, test: str, implementations: Mapping[str, Program],
                    among: Iterable[Deviation]) -> Deviation | None:
    """The first of these deviations that covers the cell, or None."""
    return next((each for each in among if each.covers(requirement, part, test, implementations)), None)


def load(folder: Path, known: Catalogue) -> tuple[Deviation, ...]:
    """The deviations of a folder. Raises BadData: one sentence with the file and the requirement."""
    return tuple(
        _deviation(path, row, known)
        for path in sorted(folder.glob("*.toml"))
        for row in entries(path, _only_deviations(path), "deviation", _KEYS, optional=("parts", "tests", "sometimes"))
    )


def _only_deviations(path: Path) -> dict[str, object]:
    data = read(path)
    for key in data:
        if key != "deviation":
            raise BadData(f"{path.name}: unknown key `{key}`{nearest(key, ('deviation',))}")
    return data


def _deviation(path: Path, row: dict[str, object], known: Catalogue) -> Deviation:
    where = f"{path.name}: {row['requirement']}"
    if row["requirement"] not in known.requirements:
        raise BadData(f"{where}: no such requirement{nearest(str(row['requirement']), known.requirements)}")
    parts = named_parts(where, known.requirements[str(row["requirement"])], _list_of(row, "parts"))
    one_of(where, "role", str(row["role"]), ROLES)
    for key in ("source", "reason", "recording"):
        if not str(row[key]).strip():
            raise BadData(f"{where}: `{key}` is empty; a known deviation needs one")
    try:
        versions = parse_range(str(row["versions"]))
    except BadRange as error:
        raise BadData(f"{where}: `versions`: {error}") from error
    return Deviation(
        path.stem, str(row["requirement"]), str(row["role"]), versions, str(row["source"]), str(row["reason"]),
        str(row["recording"]), tuple(map(str, _list_of(row, "tests"))), bool(row.get("sometimes", False)),
        parts,
    )


def _list_of(row: dict[str, object], key: str) -> list[object]:
    found = row.get(key, [])
    assert isinstance(found, list), key
    return found


def matches(test: str, glob: str) -> bool:
    """Globs over test ids: `*` and `?` only, since the brackets of an id are meant literally."""
    return fnmatchcase(test, glob.replace("[", "\0").replace("\0", "[[]"))
