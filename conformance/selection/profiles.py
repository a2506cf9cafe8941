"""Profiles: named selections of checks, for whoever wants to know one thing of one program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.catalogue.requirements import catalogue
from conformance.judging.check import Check


@dataclass(frozen=True)
class Profile:
    """The checks of one role whose part refers to the same behavior of another test suite."""

    role: str
    reference: str

    def has(self, check: Check) -> bool:
        """Whether a check belongs to it; those of a cloud's own topology do not."""
        if check.role != self.role or check.cloud is not None or check.part is None:
            return False
        part = catalogue().requirement(check.requirement).part(check.part)
        return any(each.startswith(self.reference) for each in part.reference)


PROFILES: Mapping[str, Profile] = {
    #: Any IPv6 host: what the IPv6 Ready Core test judges of it (docs/ipv6-ready.md).
    "host-core": Profile("guest", "IPv6 Ready host "),
}
