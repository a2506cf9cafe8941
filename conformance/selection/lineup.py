"""The line-up: the default implementations of each role, and the networks of routers and servers of the matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from conformance.catalogue.datafiles import BadData, nearest, read
from fixtures.roles import ROLES

FILE = Path(__file__).with_name("casts.toml")


@dataclass(frozen=True)
class Lineup:
    """`usual`: by role, the default implementations; `networks`: the matrix's networks, role -> implementation."""

    usual: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    networks: tuple[Mapping[str, str], ...] = ()


@cache
def lineup() -> Lineup:
    """The project's own line-up. Raises BadData."""
    return load(FILE)


def load(path: Path) -> Lineup:
    """The line-up of a file. Raises BadData: one sentence with the file and the entry."""
    data = read(path)
    for key in data:
        if key not in ("usual", "network"):
            raise BadData(f"{path.name}: unknown key `{key}`{nearest(key, ('usual', 'network'))}")
    usual = data.get("usual", {})
    for role, names in usual.items():
        _role(f"{path.name}: usual", role)
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise BadData(f"{path.name}: usual: `{role}` must be a list of implementations' names, not {names!r}")
    networks = data.get("network", [])
    for number, network in enumerate(networks, 1):
        for role, name in network.items():
            _role(f"{path.name}: network {number}", role)
            if not isinstance(name, str):
                raise BadData(f"{path.name}: network {number}: `{role}` must be an implementation's name, not {name!r}")
    return Lineup({role: tuple(names) for role, names in usual.items()}, tuple(networks))


def _role(where: str, role: str) -> None:
    if role not in ROLES:
        raise BadData(f"{where}: unknown role `{role}`{nearest(role, ROLES)}")
