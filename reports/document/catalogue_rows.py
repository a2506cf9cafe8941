"""The catalogue's part of the report: every requirement, and which checks judge it."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Callable

import topologies
from conformance.catalogue import parts as catalogue_parts
from conformance.catalogue import traceability
from conformance.catalogue.requirements import catalogue
from conformance.judging.check import Check as Declared
from conformance.selection.declared import declared_checks
from reports.document.compliance import Check, Cloud, Part, Requirement, Sentence, Stage
from topologies.stage.sketch import sketch


def requirements() -> list[Requirement]:
    """The whole catalogue, with the checks that judge each requirement, and each of its parts."""
    whole = _checks(lambda check: check.requirement)
    single = _checks(lambda check: check.id)
    return [
        {
            "id": each.id,
            "level": each.level,
            "family": each.family,
            "role": each.role,
            "source": each.source,
            "text": each.text,
            "clouds": list(each.clouds),
            "checks": whole.get(each.id, []),
            "parts": [_part(part, single.get(part.id, [])) for part in each.parts],
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
            "topology": stage(each.topology),
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


def stage(name: str) -> Stage | None:
    """The topology of that name as plain values; None where there is none."""
    try:
        return sketch(topologies.topology_named(name))
    except topologies.UnknownTopology:
        return None


def _part(part: catalogue_parts.Part, checks: list[Check]) -> Part:
    return {
        "id": part.id,
        "level": part.level,
        "text": part.text,
        "source": part.source,
        "reference": list(part.reference),
        "checks": checks,
    }


def _checks(of: Callable[[Declared], str]) -> dict[str, list[Check]]:
    """Every check there is, by what it is of: also those that this run did not select.

    One that judges several parts stands once, with the mutants of the part that has the fewest.
    """
    found: dict[str, dict[str, Check]] = defaultdict(dict)
    for check in declared_checks():
        known = found[of(check)].get(check.name)
        found[of(check)][check.name] = {
            "test": check.name,
            "mutants": min(len(check.mutants), known["mutants"] if known else len(check.mutants)),
            "cloud": check.cloud,
            "sentences": list(check.sentences),
            "specification": inspect.getdoc(check.function) or "",
            "proofs": [f"{mutant.name.replace('_', ' ')}: {mutant.because}" for mutant in check.mutants],
        }
    return {key: list(checks.values()) for key, checks in found.items()}
