"""The stand-ins that keep a package's services off while it is installed."""

from __future__ import annotations

import subprocess

import pytest

from tests.setup.listing import ROOT

STAND_INS = ROOT / "script/without-services"


def call(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([STAND_INS / name, *arguments], capture_output=True, text=True)


@pytest.mark.parametrize("verb", ["start", "restart", "enable", "preset", "unmask", "try-restart"])
def test_systemctl_starts_and_enables_nothing(verb: str) -> None:
    """The real one would refuse a unit that does not exist."""
    done = call("systemctl", "--quiet", verb, "sextant-no-such-unit.service")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["deb-systemd-invoke", "invoke-rc.d", "service"])
def test_nothing_is_started(name: str) -> None:
    done = call(name, "sextant-no-such-unit", "start")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_new_unit_counts_as_switched_off_by_the_administrator() -> None:
    assert call("deb-systemd-helper", "--quiet", "was-enabled", "sextant-no-such-unit.service").returncode == 1


def test_every_command_that_maintainer_scripts_use_has_its_stand_in() -> None:
    names = {path.name for path in STAND_INS.iterdir()}
    assert names == {"deb-systemd-helper", "deb-systemd-invoke", "invoke-rc.d", "service", "systemctl", "update-rc.d"}
    assert all(path.stat().st_mode & 0o111 for path in STAND_INS.iterdir())
