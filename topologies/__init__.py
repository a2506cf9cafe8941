"""The stage: Mininet topologies of IPv6-capable nodes. One file here is one topology; `topology_named` finds it."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topologies.stage.topology import Topology


class UnknownTopology(LookupError):
    """No topology has this name; the text says which one comes nearest."""


def all_topologies() -> dict[str, type[Topology]]:
    """Every topology of this folder by its name, which is its class name in kebab case."""
    from topologies.stage.topology import Topology

    found: dict[str, type[Topology]] = {}
    for module in iter_modules(__path__, f"{__name__}."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Topology) and value.__module__ == module.name:
                if value is not Topology:
                    found[value.kebab()] = value
    return dict(sorted(found.items()))


def topology_named(name: str) -> type[Topology]:
    """The topology of that name, e.g. `two-routers`. Raises UnknownTopology."""
    known = all_topologies()
    wanted = name.replace("_", "-").lower()
    if wanted in known:
        return known[wanted]
    near = get_close_matches(wanted, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "there is none like it"
    raise UnknownTopology(f"no topology is named {name}: {hint} Known: {', '.join(known)}")
