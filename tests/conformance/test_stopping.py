"""Ctrl-C and SIGTERM, whenever they come: what was judged until then is reported, and the report says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.selection.test_undisturbed import PROJECT
from tests.sandbox.trial import Trial

#: Two plays; the second lasts for four times as long.
SHORT, LONG = "test_says_goodbye[radvd-linux]", "test_link_local_address_without_anybody[linux]"

KILLED = """
import os, signal
from conformance.judging.check import check
from tests.conformance.synthetic import Unplayed

@check("RA-05", Unplayed(), role="router")
def test_a(recording, notebook):
    notebook.cite(*recording.marks)

@check("RA-05", Unplayed(), role="router")
def test_b(recording, notebook):
    class Finalised:
        def __del__(self):
            os.kill(os.getpid(), signal.{signal})
    Finalised() if {swallowed} else os.kill(os.getpid(), signal.{signal})
    while True:
        signal.pause()
"""


def document(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "compliance.json").read_text())
    return found


@pytest.mark.parametrize(("number", "said"), [("SIGTERM", "stopped by SIGTERM"), ("SIGINT", "stopped by Ctrl-C")])
@pytest.mark.parametrize("swallowed", [False, True])
def test_while_it_judges(tmp_path: Path, number: str, said: str, swallowed: bool) -> None:
    """Also where Python swallows what the handler raised."""
    folder = tmp_path / "conformance"
    folder.mkdir()
    (folder / "test_it.py").write_text(KILLED.format(signal=number, swallowed=swallowed))
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "conftest.py").write_text(
        "import pytest\nfrom tests.conformance.pretended import pretend\npretend(pytest.MonkeyPatch())\n"
        'pytest_plugins = ["conformance.plugin", "reports.plugin"]\n')
    done = subprocess.run([sys.executable, "-m", "pytest", "conformance", "-W", "ignore"], cwd=tmp_path,
                          env={**os.environ, "PYTHONPATH": str(PROJECT)}, capture_output=True, text=True)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"{said}: 2 of 4 cells have a verdict" in done.stdout
    run = document(tmp_path / "reports" / "out")["run"]
    assert (run["stopped"], run["selected"]) == (said, 4)
    assert f"{said}: 2 of 4 cells have a verdict" in (tmp_path / "reports" / "out" / "index.html").read_text()


@pytest.mark.parametrize(("number", "workers"), [
    (signal.SIGTERM, ()), (signal.SIGINT, ()), (signal.SIGTERM, ("-n", "2")),
])
def test_while_it_plays(tmp_path: Path, number: signal.Signals, workers: tuple[str, ...]) -> None:
    """What was recorded until then is judged; what was not is missing, and counted."""
    trial, place = Trial(tmp_path), tmp_path / "reports" / "out"
    checks = PROJECT / "conformance" / "checks"
    run = trial.start([
        *trial.pytest("-c", str(PROJECT / "pyproject.toml"), "--rootdir", str(PROJECT)), "-p", "no:cacheprovider",
        *workers, "--report-dir", str(place), f"{checks}/router_discovery/test_router_stop.py::{SHORT}",
        f"{checks}/link_local/test_link_local.py::{LONG}"])
    while not any(place.parent.glob(".out.*/recordings/router-stop-*")):
        assert run.poll() is None, "the run ended before it was stopped"
        time.sleep(0.05)
    run.send_signal(number)
    assert run.wait(120) == 2
    found = document(place)
    assert [each["test"].rpartition("::")[2] for each in found["verdicts"]] == [SHORT]
    assert (found["run"]["stopped"][:10], found["run"]["selected"]) == ("stopped by", 2)
    trial.wait_until_gone()


def test_before_anything_is_recorded(tmp_path: Path) -> None:
    """There is nothing to report: what was reported before stays."""
    trial, place = Trial(tmp_path), tmp_path / "reports" / "out"
    place.mkdir(parents=True)
    (place / "compliance.json").write_text('{"of": "before"}')
    run = trial.start([
        *trial.pytest("-c", str(PROJECT / "pyproject.toml"), "--rootdir", str(PROJECT)), "-p", "no:cacheprovider",
        "--report-dir", str(place), f"{PROJECT}/conformance/checks/link_local/test_link_local.py::{LONG}"])
    while not any(place.parent.glob(".out.*/recordings")):
        assert run.poll() is None, "the run ended before it was stopped"
        time.sleep(0.05)
    run.terminate()
    assert run.wait(120) == 2
    assert document(place) == {"of": "before"}
    assert [entry.name for entry in place.parent.iterdir()] == ["out"]
    trial.wait_until_gone()
