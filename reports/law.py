"""The catalogue's part of the report: every requirement, and which checks judge it."""

from __future__ import annotations

import importlib
from collections import defaultdict
from pathlib import Path

import conformance
from conformance.catalogue import catalogue
from conformance.judging.check import CHECKS
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
    folder = Path(conformance.__path__[0])
    for path in sorted(folder.rglob("test_*.py")):
        try:
            importlib.import_module(".".join(["conformance", *path.relative_to(folder).with_suffix("").parts]))
        except Exception:  # its collection has failed too, and stands in the report as an error
            continue
    found: dict[str, list[Check]] = defaultdict(list)
    for check in CHECKS.values():
        found[check.requirement].append({"test": check.name, "mutants": len(check.mutants)})
    return found
