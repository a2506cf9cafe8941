"""Whom a verdict is about: a program, a kernel, a scripted peer, or a model of the suite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.catalogue.requirements import catalogue
from conformance.selection.cells import Cell
from fixtures.programs.base import Implementation
from fixtures.programs.party import Party

#: Who plays a role for which nobody was cast.
UNCAST = {"compute-host": Party.KERNEL, "segment": Party.KERNEL, "peer": Party.PEER, "management": Party.MODEL}
#: Families and requirements of which a compute host keeps what the suite's own agent has decided: what a rule admits
#: is the suite's reading of the rule, and the kernel only carries it out.
MODELLED = frozenset({"ACL", "ROUTE-15"})


def party(cell: Cell[Any], known: Mapping[str, Implementation]) -> Party:
    """What kind of party a cell judges. Who speaks in a capture is taken for a program."""
    name = cell.cast.get(cell.check.role)
    if name is not None:
        return known[name].party if name in known else Party.PROGRAM
    requirement = catalogue().requirement(cell.check.requirement)
    if MODELLED & {requirement.id, requirement.family}:
        return Party.MODEL
    return UNCAST.get(cell.check.role, Party.PROGRAM)
