"""The catalogue's part of the report: every requirement, and which checks judge it."""

from __future__ import annotations

from collections import defaultdict

from conformance.catalogue import catalogue
from conformance.declared import declared
from reports.compliance import Check, Requirement


def requirements() -> list[Requirement]:
    """The whole catalogue, with the checks that judge each requirement."""
    checks = _checks()
    return [
        {
            "id": each.id,
            "level": each.level,
            "family": each.family,
            "role": each.role,
            "source": each.source,
            "text": each.text,
            "clouds": list(each.clouds),
            "checks": checks.get(each.id, []),
        }
        for each in catalogue()
    ]


def families() -> dict[str, str]:
    """The families' titles by key."""
    return dict(catalogue().families)


def _checks() -> dict[str, list[Check]]:
    """Every check there is, by requirement: also those that this run did not select."""
    found: dict[str, list[Check]] = defaultdict(list)
    for check in declared():
        found[check.requirement].append({"test": check.name, "mutants": len(check.mutants), "cloud": check.cloud})
    return found
