"""`--cloud` from the user's side: which checks it selects, and what its last line says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.pretended import CHECK, OTHER, verdicts

pytest_plugins = ["pytester"]

OWN = CHECK.replace('needs=("dhcpv6",)', 'cloud="calico"').replace("RA-05", "RA-06").replace("managed_flag", "tap")
LIMITED = """
from conformance.judging.check import check
from tests.conformance.synthetic import Unplayed

class Only(Unplayed):
    players = {"guest": ("dhcpcd",)}

@check("RA-05", Only(), role="router")
def test_only(recording, notebook):
    '''A pass.'''
    notebook.cite(*recording.at("guest"))
"""


@pytest.fixture(autouse=True)
def no_other_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite's own checks shall not decide what these tests see."""
    monkeypatch.setattr("conformance.plugin.clouds.declared_checks", list)


def test_only_what_the_document_needs(run: Callable[..., Any]) -> None:
    result = run("--cloud", "calico", "--guest", "dhclient", text=CHECK + OTHER + OWN)
    found = verdicts(result)
    assert "test_withdrawal[dnsmasq-dhclient]" not in found  # RA-04: no sentence of the document needs it
    assert found["test_tap[dnsmasq-dhclient]"]["cloud"] == "calico"
    assert found["test_managed_flag[dnsmasq-dhclient]"]["cloud"] is None


def test_another_clouds_check_is_not_selected(run: Callable[..., Any]) -> None:
    assert not any("test_tap" in name for name in verdicts(run("--cloud", "ovirt", text=CHECK + OWN)))


def test_the_option_may_be_repeated(run: Callable[..., Any]) -> None:
    found = verdicts(run("--cloud", "ovirt", "--cloud", "CALICO", "--guest", "dhclient", text=OWN))
    assert set(found) == {"test_tap[dnsmasq-dhclient]"}


def test_what_was_not_judged_is_said(run: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    run("--cloud", "calico", "--guest", "dhclient", text=OWN)
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("calico: "))
    assert " of 32 sentences wholly judged; still open: calico-01 (ROUTE-03), " in line


def test_an_unknown_cloud_is_one_sentence(run: Callable[..., Any],
                                          capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--cloud", "calcio").ret == pytest.ExitCode.USAGE_ERROR
    assert "--cloud calcio: unknown cloud 'calcio'; did you mean calico?" in capsys.readouterr().err


def test_a_scenario_may_say_who_alone_plays(run: Callable[..., Any]) -> None:
    assert set(verdicts(run(text=LIMITED))) == {"test_only[dnsmasq-dhcpcd]"}
    assert not verdicts(run("--guest", "dhclient", text=LIMITED))
