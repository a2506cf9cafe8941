"""`--program NAME=PATH` as maintainers use it: their own build in the place of what is installed, or beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.programs.base import find_program
from tests.conformance.test_bad_input import PROJECT, PYTEST, lines, outside, run
from tests.sandbox.trial import ORDINARY_USER

RADVD = find_program("radvd")
needs_radvd = pytest.mark.skipif(RADVD is None, reason="radvd is not installed (Debian package radvd)")
#: One play of a router and nobody else; radvd 2 is known to deviate there, and no other version is.
ANSWERS = ("--requirement", "RA-01", str(PROJECT / "conformance/checks/router_discovery/test_solicited_router.py"))


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "out"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Somebody's home directory, which nobody else may enter."""
    home = tmp_path / "home" / "me"
    home.mkdir(parents=True, mode=0o700)
    return home


@pytest.fixture
def newer(home: Path) -> Path:
    """A radvd of a version that is to come."""
    path = home / "radvd"
    path.write_text(f"""#!/bin/sh
[ "$1" != --version ] || {{ echo "Version: 99.1"; echo "default pidfile /run/radvd.pid"; exit; }}
echo "mine begins"
exec {RADVD} "$@"
""")
    path.chmod(0o755)
    return path


def cells(report: Path) -> dict[str, dict[str, Any]]:
    """By who was the router."""
    found = json.loads((report / "compliance.json").read_text())["verdicts"]
    return {each["implementations"]["router"]["name"]: each for each in found}


def output_of(report: Path, cell: dict[str, Any]) -> str:
    """What the router's programs wrote in a cell's play."""
    return "".join(log.read_text() for log in (report / "recordings" / cell["recording"]).rglob("*radvd*.log"))


@needs_radvd
def test_a_build_stands_in_for_what_is_installed(report: Path, home: Path) -> None:
    """An ordinary user's, in a home directory: the same name and version, so what is known of them is known of it."""
    copy = home / "radvd"
    shutil.copy(str(RADVD), copy)
    command = [*ORDINARY_USER, *PYTEST, *ANSWERS, "--program", f"radvd={copy}", "--report-dir", str(report)]
    done = subprocess.run(command, env=outside(), cwd=PROJECT, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    assert done.returncode == 0, done.stdout
    (cell,) = cells(report).values()
    assert cell["implementations"]["router"]["name"] == "radvd" and cell["verdict"] == "fail"
    assert cell["known_deviation"]["implementation"] == "radvd"
    assert f"--program radvd={copy}" in cell["reproduce"]
    (said,) = lines(done, "brought: radvd ")
    assert said.endswith(f" as router (--program radvd={copy}): {copy}")


@needs_radvd
def test_a_build_with_a_label_plays_beside_what_is_installed(report: Path, newer: Path) -> None:
    """Each with its own version, and with what is known of that."""
    done = run(*ANSWERS, "--program", f"radvd@new.1={newer}", "--router", "radvd", report=report, within=600)
    assert done.returncode == 1, done.stdout
    found = cells(report)
    assert set(found) == {"radvd", "radvd@new.1"}
    mine, installed = found["radvd@new.1"], found["radvd"]
    assert (mine["verdict"], mine["known_deviation"], installed["verdict"]) == ("fail", None, "fail")
    assert installed["known_deviation"] and installed["implementations"]["router"]["version"] != "99.1"
    assert mine["implementations"]["router"]["version"] == "99.1"
    assert "mine begins" in output_of(report, mine) and "mine begins" not in output_of(report, installed)
    again = run(*_again(mine), report=report, within=600)
    assert again.returncode == 1 and set(cells(report)) == {"radvd@new.1"}, again.stdout


def _again(cell: dict[str, Any]) -> list[str]:
    """The words of the command that shows a cell again."""
    command = cell["reproduce"].removeprefix("script/conformance -k '")
    expression, _, options = command.partition("'")
    return [ANSWERS[-1], "-k", expression, *options.split()]


@needs_radvd
@pytest.mark.parametrize(("options", "names"), [
    ((), {"radvd", "radvd@mine"}),
    (("--router", "radvd@mine"), {"radvd@mine"}),
    (("--router", "radvd", "--router", "dnsmasq"), {"radvd", "radvd@mine", "dnsmasq"}),
    (("--router", "rad*"), {"radvd", "radvd@mine"}),
])
def test_who_plays(report: Path, newer: Path, options: tuple[str, ...], names: set[str]) -> None:
    asked = ("--collect-only", "-q", "--program", f"radvd@mine={newer}", *options)
    done = run(*ANSWERS, *asked, report=report, within=600)
    found = {line.partition("[")[2].rstrip("]") for line in lines(done, "test_solicited_router.py::")}
    assert found == {name.replace("@", ".") for name in names}, done.stdout


def test_a_program_of_several_roles_plays_its_usual_ones(report: Path, home: Path) -> None:
    """systemd-networkd is a guest there, whose routers are the usual ones, unless it is asked for as a router."""
    (home / "networkd").write_text("#!/bin/sh\n")
    (home / "networkd").chmod(0o755)
    options = ("--collect-only", "-q", "--program", f"systemd-networkd={home / 'networkd'}",
               PROJECT / "conformance/checks/router_discovery/test_router_flags.py", "-k", "slaac")
    usual = run(*options, report=report, within=600)
    assert {line.partition("[")[2].rstrip("]") for line in lines(usual, "::")} == {
        "slaac-dnsmasq-systemd-networkd", "slaac-radvd+kea-systemd-networkd"}, usual.stdout
    router = run(*options, "--router", "systemd-networkd", "--guest", "linux", report=report, within=600)
    assert {line.partition("[")[2].rstrip("]") for line in lines(router, "::")} == {
        "slaac-systemd-networkd+kea-linux"}, router.stdout


@needs_radvd
def test_it_is_listed(report: Path, newer: Path) -> None:
    done = run("conformance/", "--list-implementations", "--program", f"radvd@mine={newer}", report=report, within=600)
    assert done.returncode == 0
    assert ["radvd@mine", "router", "99.1"] in [line.split() for line in lines(done, "radvd@mine")], done.stdout


@pytest.fixture
def other(home: Path) -> Callable[[str], Path]:
    """A script that somebody mistakes for a radvd."""
    def write(text: str) -> Path:
        (home / "other").write_text(text)
        (home / "other").chmod(0o755)
        return home / "other"

    return write


@pytest.mark.parametrize(("given", "sentence"), [
    ("radvd", "--program radvd: it takes NAME=PATH or NAME@LABEL=PATH, such as radvd=/home/me/radvd/radvd"),
    ("radvd@=/bin/true", "--program radvd@=/bin/true: '' is no label; it takes up to 31 letters, digits, "),
    ("rdvd=/bin/true", '--program rdvd=/bin/true: unknown implementation "rdvd": the nearest known is "radvd" ('),
    ("radvd=/nowhere/radvd", "--program radvd=/nowhere/radvd: there is no file or directory /nowhere/radvd"),
    ("radvd=docs", "there is no program radvd in "),
    ("linux=/bin/true", "--program linux=/bin/true: linux has no program of its own that another build could stand in"),
    ("radvd=/bin/true", ": /bin/true is no radvd: asked with `radvd --version`, it says 'true "),
])
def test_what_is_refused(report: Path, given: str, sentence: str) -> None:
    done = run(*ANSWERS, "--program", given, report=report, within=600)
    assert (done.returncode, len(lines(done, sentence))) == (4, 1), done.stdout


@pytest.mark.parametrize(("text", "sentence"), [
    ("#!/nowhere/sh\n", "radvd --version does not start: "),
    ("#!/bin/sh\necho 'libx.so.1: cannot open' >&2; exit 127\n",
     "radvd --version does not start: exit status 127, 'libx.so.1: cannot open'"),
])
def test_what_does_not_start(report: Path, other: Callable[[str], Path], text: str, sentence: str) -> None:
    done = run(*ANSWERS, "--program", f"radvd={other(text)}", report=report, within=600)
    assert (done.returncode, len(lines(done, sentence))) == (4, 1), done.stdout


@needs_radvd
def test_what_cannot_be_together(report: Path, newer: Path) -> None:
    for options, sentence in (
        (("--program", f"radvd={newer}"), f": 'radvd' is the name of --program radvd={newer} too; choose another"),
        (("--router", "dnsmasq"), ": --router dnsmasq leaves radvd without a part; add --router radvd"),
        (("--recordings", "/tmp"), ": saved recordings and captures are judged without any program; leave it away"),
    ):
        done = run(*ANSWERS, "--program", f"radvd={newer}", *options, report=report, within=600)
        assert (done.returncode, len(lines(done, sentence))) == (4, 1), done.stdout
