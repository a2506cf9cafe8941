"""Plays of real programs, judged as captures: what fails there fails in the suite's own judgement of the play, too."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from conformance.catalogue.requirements import catalogue
from conformance.judging.judge import judge
from conformance.judging.verdict import Outcome
from conformance.selection.declared import declared_checks
from fixtures.captures.parties import judgeable
from fixtures.implementations.registry import all_implementations
from fixtures.playing.request import PlayRequest
from fixtures.recording.storage import load
from fixtures.scenarios.common.boot import GuestBoot
from fixtures.scenarios.common.networks import Mode
from tests.captures.judged import CHECKS

BOOT = GuestBoot(mode=Mode.STATEFUL)
CASTS = [
    {"router": "dnsmasq", "dhcpv6-server": "dnsmasq", "guest": "dhclient"},
    {"router": "radvd", "dhcpv6-server": "kea", "guest": "dhcpcd"},
]
BAD = (Outcome.FAIL, Outcome.WARN)


@pytest.fixture(scope="session")
def boots(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config,
          alone: Callable[[], AbstractContextManager[None]]) -> list[Path]:
    """The saved recordings of a few boots."""
    known = all_implementations()
    missing = [program for cast in CASTS for name in cast.values() for program in known[name].missing()]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    from fixtures.playing.player import play_all

    into = tmp_path_factory.mktemp("boots")
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with alone(), capture.global_and_fixture_disabled():  # type: ignore[union-attr]
        play_all([PlayRequest(BOOT, cast) for cast in CASTS], into)
    return sorted(into.iterdir())


def test_no_verdict_on_the_capture_contradicts_the_suite_s_own(boots: list[Path]) -> None:
    judged = 0
    for boot in boots:
        recording = load(boot)
        own: dict[tuple[str, str], list[Outcome]] = {}
        for check in declared_checks():
            if BOOT in check.scenarios:
                key = catalogue().requirement(check.requirement).id, check.role
                own.setdefault(key, []).append(judge(check, recording).outcome)
        found = judgeable(boot / "packets.pcapng.gz")
        played = {recording.mac("guest", "eth0"): "guest", recording.mac("router", "lan0"): "router"}
        for party in found.parties:
            if party.name not in played or (party.role == "guest") != (played[party.name] == "guest"):
                continue
            for check in CHECKS:
                if check.role != party.role:
                    continue
                judgement = judge(check, found.recording(party))
                assert judgement.outcome is not Outcome.ERROR, judgement.reason
                judged += judgement.outcome is not Outcome.INCONCLUSIVE
                theirs = own.get((catalogue().requirement(check.requirement).id, check.role), [])
                if judgement.outcome in BAD and theirs:
                    assert set(theirs) & set(BAD), f"{boot.name}: {check.name}: {judgement.reason}, but {theirs}"
    assert judged >= 20
