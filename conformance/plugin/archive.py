"""Saved recordings: what `--recordings DIR` judges instead of playing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.selection.casting import Cast
from fixtures.recording.model import Play, Recording
from fixtures.recording.storage import SavedError, load
from fixtures.stagecraft.base import Scenario

Key = tuple[str, str, tuple[tuple[str, str], ...]]


class BadRecordings(ValueError):
    """The directory of recordings cannot be judged; one sentence says which recording and why."""


@dataclass(frozen=True)
class Archive:
    """The recordings of a directory, by what was played and by whom."""

    folder: Path
    recordings: Mapping[Key, Recording]

    @classmethod
    def open(cls, folder: Path) -> Archive:
        """Read all recordings of a directory but those of mutants. Raises BadRecordings."""
        if not folder.is_dir():
            raise BadRecordings(f"--recordings {folder}: there is no such directory")
        found: dict[Key, Recording] = {}
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or not (path.is_dir() or path.suffix == ".zip"):
                continue
            try:
                recording = load(path)
            except SavedError as error:
                raise BadRecordings(f"--recordings {folder}: {error}") from error
            key = _key(recording.play)
            if recording.mutant is not None:
                continue
            if key in found:
                raise BadRecordings(f"--recordings {folder}: {found[key].play.id} and {recording.play.id} are the same"
                                    " play by the same programs; remove one")
            found[key] = recording
        if not found:
            raise BadRecordings(f"--recordings {folder}: there is no recording in it")
        return cls(folder, found)

    def find(self, scenario: Scenario, cast: Cast) -> Recording | None:
        """The recording of a scenario by a cast, or None."""
        return self.recordings.get((scenario.name, _frozen(scenario.options), tuple(sorted(cast.items()))))

    def lacks(self, scenario: Scenario) -> str:
        """Why a scenario by some cast cannot be judged here, in words."""
        return f"there is no recording of this play in {self.folder}"

    def introduction(self) -> list[str]:
        """What is judged, for the run's header."""
        return [f"judging {len(self.recordings)} recordings of {self.folder}; nothing is played"]

    def casts(self, scenario: Scenario) -> Iterator[dict[str, str]]:
        """Everybody who was recorded in a scenario."""
        wanted = (scenario.name, _frozen(scenario.options))
        for name, options, cast in self.recordings:
            if (name, options) == wanted:
                yield dict(cast)


def _key(play: Play) -> Key:
    cast = tuple(sorted((role, program.name) for role, program in play.implementations.items()))
    return play.scenario, _frozen(play.options), cast


def _frozen(options: Mapping[str, Any]) -> str:
    return json.dumps(dict(options), sort_keys=True, default=str)
