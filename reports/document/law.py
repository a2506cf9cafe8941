"""The catalogue's part of the report: every requirement, and which checks judge it."""

from __future__ import annotations

from collections import defaultdict

import topologies
from conformance.catalogue import traceability
from conformance.catalogue.requirements import catalogue
from conformance.selection.declared import declared
from reports.document.compliance import Check, Cloud, Requirement, Sentence, Stage
from topologies.stage.sketch import sketch


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


def clouds() -> list[Cloud]:
    """The clouds, each with the topology of its name, where there is one."""
    return [
        {
            "name": each.name,
            "title": each.title,
            "document": each.document,
            "real": list(each.real),
            "modelled": list(each.modelled),
            "topology": _stage(each.topology),
        }
        for each in traceability.clouds().values()
    ]


def sentences() -> list[Sentence]:
    """The sentences of all clouds' documents, before anything is judged."""
    return [
        {
            "id": each.id,
            "cloud": each.cloud,
            "where": each.where,
            "text": each.text,
            "requirements": list(each.requirements),
            "not_testable": each.not_testable or None,
            "note": each.note or None,
            "verdict": None,
            "counts": {},
            "unjudged": list(each.requirements),
        }
        for cloud in traceability.clouds().values()
        for each in cloud.sentences
    ]


def _stage(name: str) -> Stage | None:
    try:
        return sketch(topologies.named(name))
    except topologies.UnknownTopology:
        return None


def _checks() -> dict[str, list[Check]]:
    """Every check there is, by requirement: also those that this run did not select."""
    found: dict[str, list[Check]] = defaultdict(list)
    for check in declared():
        found[check.requirement].append(
            {
                "test": check.name,
                "mutants": len(check.mutants),
                "cloud": check.cloud,
                "sentences": list(check.sentences),
            }
        )
    return found
