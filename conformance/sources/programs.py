"""The programs that may play in a run: who casts a scenario, and who is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from conformance.selection.casting import BadSelection, Cast, Selection, alone, casts
from fixtures.programs.base import Implementation, ProgramError
from fixtures.recording.model import Program
from fixtures.stagecraft.base import Scenario


@dataclass
class Programs:
    """Who is selected, and what this host has of them."""

    selection: Selection

    @property
    def known(self) -> dict[str, Implementation]:
        """All implementations by name."""
        return dict(self.selection.known)

    def casts(self, scenario: Scenario) -> Iterator[Cast]:
        """Who plays a scenario. Raises BadSelection."""
        return self._once(scenario, casts(scenario.roles, self.selection, alone(scenario, self.selection)))

    def _once(self, scenario: Scenario, planned: Iterable[Cast]) -> Iterator[Cast]:
        """The casts, but one alone for each machine that cannot play the scenario: once is enough to say so."""
        told: set[str] = set()
        for cast in planned:
            guest = self.selection.known.get(cast.get("guest", ""))
            if guest is not None and guest.opaque and not scenario.from_outside:
                if guest.name in told:
                    continue
                told.add(guest.name)
            yield cast

    def demand_installed(self) -> None:
        """Raises BadSelection where a program that is not installed was asked for by name (no glob, not `all`)."""
        for names in self.selection.wanted.values():
            for name in names:
                if name in self._missing:
                    raise BadSelection(self._missing[name])

    def absent(self, cast: Cast) -> str | None:
        """A sentence about the first of a cast that is not installed, or None."""
        return next((self._missing[name] for name in dict.fromkeys(cast.values()) if name in self._missing), None)

    def of(self, cast: Cast) -> dict[str, Program]:
        """The programs of a cast, with the versions that they state; without, where they cannot be asked."""
        return {role: Program(name, self._versions.get(name, "")) for role, name in cast.items()}

    @cached_property
    def missing(self) -> list[Implementation]:
        """Those that may play and are not installed."""
        may = {name for role in {role for each in self.selection.known.values() for role in each.roles}
               for name in self.selection.playing(role)}
        return [self.selection.known[name] for name in self._missing if name in may]

    @cached_property
    def _missing(self) -> dict[str, str]:
        return {
            name: f"{name} needs {' and '.join(each.missing())}, not installed here;"
                  f" on Debian: apt install {' '.join(each.packages)}"
            for name, each in self.selection.known.items() if each.missing()
        }

    @cached_property
    def _versions(self) -> dict[str, str]:
        found = {}
        for name, each in self.selection.known.items():
            try:
                found[name] = "" if each.missing() else each.version()
            except ProgramError:
                found[name] = ""
        return found
