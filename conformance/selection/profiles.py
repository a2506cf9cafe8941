"""Profiles: named selections of checks, for whoever wants to know one thing of one program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.catalogue.requirements import catalogue
from conformance.judging.check import Check


@dataclass(frozen=True)
class Profile:
    """The checks of some roles whose requirement or part refers to a behavior of another test suite."""

    roles: frozenset[str]
    reference: str

    def has(self, check: Check) -> bool:
        """Whether a check belongs to it; those of a cloud's own topology do not."""
        return (check.role in self.roles and check.cloud is None
                and any(each.startswith(self.reference) for each in catalogue().promise(check.id).reference))


PROFILES: Mapping[str, Profile] = {
    #: Any IPv6 host: what the IPv6 Ready Core test judges of it (docs/ipv6-ready.md).
    "host-core": Profile(frozenset({"guest"}), "IPv6 Ready host "),
    #: Any router, and the kernel that forwards beside it (docs/ipv6-ready-router.md).
    "router-core": Profile(frozenset({"router", "compute-host"}), "IPv6 Ready router "),
}
