"""Casting: which implementations play which roles of a scenario.

Whatever `fixtures.implementations` offers for a role may play it. Without a choice the usual players of the line-up do,
and one rule keeps their combinations natural: a program that is router, DHCPv6 server and name server in one plays all
of these roles, and the others share them: dnsmasq with itself, radvd with Kea. The matrix puts everybody else against
the line-up's networks, the full matrix against all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import product
from types import MappingProxyType
from typing import Literal

from conformance.catalogue.datafiles import nearest
from conformance.selection.lineup import Lineup
from fixtures.names import in_file_name, product_of
from fixtures.programs.base import Implementation
from fixtures.roles import ROLES
from fixtures.stagecraft.base import Scenario

#: Roles that the network's side plays; a program among them plays all of these that it can.
NETWORK = ("router", "dhcpv6-server", "name-server")

Cast = Mapping[str, str]


class BadSelection(ValueError):
    """A selection that names what does not exist, or leaves a role without a player; one sentence."""


@dataclass(frozen=True)
class Selection:
    """Who may play: by role, the names or globs that were asked for; a role that is not there is the line-up's.

    `matrix` is "" for an ordinary run, "pairs" for everybody against the line-up's networks, "full" for everybody
    against everybody.
    """

    wanted: Mapping[str, Sequence[str]] = field(default_factory=dict)
    known: Mapping[str, Implementation] = field(default_factory=dict)
    lineup: Lineup = field(default_factory=Lineup)
    matrix: Literal["", "pairs", "full"] = ""

    def playing(self, role: str) -> list[str]:
        """The names of those who may play a role, sorted. Raises BadSelection for an unknown or useless name."""
        able = sorted(name for name, each in self.known.items() if role in each.roles)
        if role not in self.wanted and self.matrix:
            return [name for name in able if not self.known[name].missing()]
        if role not in self.wanted and role in self.lineup.usual:
            return [name for name in self.lineup.usual[role] if name in able]
        chosen: list[str] = []
        for word in self.wanted.get(role, ("all",)):
            found = able if word == "all" else [name for name in able if fnmatchcase(name, word)]
            if not found and role in self.wanted:
                raise BadSelection(self._unknown(role, word, able))
            chosen += [name for name in found if name not in chosen]
        return chosen

    def _unknown(self, role: str, word: str, able: Sequence[str]) -> str:
        known = f"(known: {', '.join(able) or 'none'})"
        if word in self.known:
            return f"--{role} {word}: {word} plays {', '.join(sorted(self.known[word].roles))}, not {role} {known}"
        return f"--{role} {word}: unknown {role} {word!r}{nearest(word, able)} {known}"


def casts(
    parts: Iterable[str], selection: Selection, only: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> Iterator[dict[str, str]]:
    """Every cast of a scenario with these roles. Raises BadSelection when a role has no player.

    `only` names who alone may play a role, because the scenario's own document does; where the selection leaves none
    of these, there is no cast.
    """
    roles = sorted(parts, key=_rank)
    players = {role: selection.playing(role) for role in roles}
    for role, names in players.items():
        if not names:
            raise BadSelection(f"no implementation plays {role}, which the selected checks need")
        players[role] = [name for name in names if product_of(name) in only.get(role, (product_of(name),))]
    everyone = [dict(zip(roles, names, strict=True)) for names in product(*players.values())]
    if selection.matrix and not only:
        found = everyone if selection.matrix == "full" else [cast for cast in everyone if _is_listed(cast, selection)]
        if found:
            yield from found
            return
    yield from [cast for cast in everyone if _natural(cast, selection)] or everyone


def alone(scenario: Scenario, selection: Selection) -> dict[str, Sequence[str]]:
    """Who alone may play a role of a scenario: as its document says, or as usual where nobody was asked for."""
    usual = {role: names for role, names in scenario.usual.items() if role not in selection.wanted}
    return {**usual, **scenario.players}


def label(cast: Cast) -> str:
    """The part of a test id that names the cast: the network's side joined by `+`, then the others by `-`."""
    network = dict.fromkeys(cast[role] for role in NETWORK if role in cast)
    others = [cast[role] for role in sorted(cast, key=_rank) if role not in NETWORK]
    return in_file_name("-".join([*(["+".join(network)] if network else []), *others]))


def _natural(cast: Cast, selection: Selection) -> bool:
    """Each program of the network's side plays all the roles there that it can, or shares them with no such program.

    A relay counts as one of that side: a router that can relay needs no other to do it.
    """
    side = {role: name for role, name in cast.items() if role in (*NETWORK, "relay")}
    serving = {role: name for role, name in side.items() if role != "name-server"}
    for name in serving.values():
        if any(other != name and role in selection.known[name].roles for role, other in side.items()):
            return False
    return True


def _is_listed(cast: Cast, selection: Selection) -> bool:
    """The network's side of the cast is one of the line-up's, as far as the cast has its roles.

    A build may stand in for a program of it, in all of that program's roles there.
    """
    def plays(network: Mapping[str, str]) -> bool:
        sides = {(name, cast[role]) for role, name in network.items() if role in cast}
        return all(product_of(who) == name for name, who in sides) and len(sides) == len({name for name, _ in sides})

    return any(plays(network) for network in selection.lineup.networks if "relay" not in cast or "relay" in network)


def _rank(role: str) -> tuple[int, str]:
    return (ROLES.index(role) if role in ROLES else len(ROLES), role)
