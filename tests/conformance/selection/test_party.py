"""Whom a verdict is about; the suite's own models are counted apart."""

from __future__ import annotations

from collections import Counter

import pytest

from conformance.plugin.ending import Tally, models, summary
from conformance.selection.cells import cells
from conformance.selection.declared import declared_checks
from conformance.selection.party import party
from fixtures.implementations.registry import all_implementations
from fixtures.programs.party import Party


@pytest.mark.parametrize(("check", "cast", "found"), [
    ("test_heeds_advertised_hop_limit", {"guest": "dhclient"}, Party.PROGRAM),
    ("test_heeds_advertised_hop_limit", {"guest": "linux"}, Party.KERNEL),
    ("test_hosts_always_forward", {"fabric": "bird"}, Party.KERNEL),
    ("test_vpc_rules_keep_to_their_family", {}, Party.MODEL),
    ("test_calico_preflight_names_crippled_hosts", {}, Party.MODEL),
])
def test_party(check: str, cast: dict[str, str], found: Party) -> None:
    known = next(each for each in declared_checks() if each.name == check)
    cell = next(cells(known, lambda scenario: [cast]))
    assert party(cell, all_implementations()) is found


def test_management_is_a_model() -> None:
    kinds = Counter(party(next(cells(each, lambda scenario: [{}])), {}) for each in declared_checks()
                    if each.role == "management" and each.scenarios)
    assert set(kinds) == {Party.MODEL}


def test_models_are_counted_apart() -> None:
    def cell(word: str, kind: str) -> dict[str, object]:
        return {"verdict": word, "party": kind, "requirement": "RA-01", "known_deviation": None}

    tally = Tally()
    tally.cells = {"a": cell("pass", "program"), "b": cell("fail", "model"), "c": cell("pass", "model")}
    assert summary(tally).startswith("1 requirements, 1 verdicts: pass 1 warn 0 fail 0")
    assert models(tally) == ["the suite's own models: 2 cells, counted apart (1 pass, 1 fail)"]
