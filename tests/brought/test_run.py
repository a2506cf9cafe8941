"""Runs with brought programs, as their owners meet them: columns, refusals, and programs that break their contract."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.programs.base import find_program
from tests.conformance.test_bad_input import PROJECT, lines, run

EXAMPLES = PROJECT / "examples"
GUEST, ROUTER = EXAMPLES / "guest" / "shell-guest.toml", EXAMPLES / "router" / "python-router.toml"
#: A play of one guest and nobody else.
LONELY = ("conformance/checks/link_local/test_link_local.py", "-k", "without_anybody")
JUDGED = {"pass", "warn", "fail"}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "out"


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., Path]:
    """The manifest of a shell script, in a folder that the sandbox would hide."""
    def write(name: str, text: str, more: str = "", role: str = "guest") -> Path:
        path = tmp_path / f"{name}.sh"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        manifest = tmp_path / f"{name}.toml"
        manifest.write_text(f'schema = 1\nname = "{name}"\nrole = "{role}"\ncommand = ["./{name}.sh"]\n'
                            f'version = "1"\n{more}\n')
        return manifest

    return write


def cells(report: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((report / "compliance.json").read_text())["verdicts"]
    return found


def of(report: Path, name: str) -> dict[str, tuple[str, str]]:
    """Verdict and reason of each cell with that guest, by the test's name without its brackets."""
    return {each["test"].rpartition("::")[2].partition("[")[0]: (each["verdict"], each["reason"])
            for each in cells(report) if each["implementations"]["guest"]["name"] == name}


def test_those_that_break_their_contract_harm_nobody(report: Path, script: Callable[..., Path]) -> None:
    refuses = 'grep -q random- "$SEXTANT_SITUATION" && exit 0; echo "not this one"; exit 127'
    declines = 'echo "not this one"; exit 127'
    brought = [
        script("sane", "sleep infinity"),
        script("ends", "echo 'bad option'; exit 2"),
        script("late", "echo still thinking; sleep infinity", 'ready = { output = "ready", within = 0.5 }'),
        script("loud", "exec yes"),
        script("floods", "while :; do ping -6 -q -f -c 100000 ff02::1%eth0; done"),
        script("liar", refuses), script("honest", declines),
    ]
    options = [word for path in brought for word in ("--implementation", str(path))]
    names = [word for path in brought for word in ("--guest", path.stem)]
    done = run(*LONELY, *options, *names, "--guest", "linux", report=report, within=600)
    assert done.returncode == 3, done.stdout
    for name in ("linux", "sane"):
        assert {verdict for verdict, _ in of(report, name).values()} == {"pass"}, done.stdout
    for name, reason in {
        "ends": "ends ended by itself with exit status 2, and it is to run until SIGTERM; its output ends: bad option",
        "late": "late was not ready within 0.5 s; its output ends: still thinking",
        "loud": "loud floods: it wrote more than a recording keeps; its output ends: y | y",
        "floods": "somebody floods: ",
        "liar": "with exit status 127, that is, it does not play this; but told 'random-",
    }.items():
        for verdict, said in of(report, name).values():
            assert (verdict, reason in said) == ("error", True), said
    for verdict, said in of(report, "honest").values():
        assert (verdict, "its output ends: not this one" in said) == ("not-applicable", True)
    (line,) = lines(done, "declined: honest does not play 1 play; ")
    assert "linux" in line.partition("; ")[2]


def test_it_plays_alone_and_in_workers(report: Path, script: Callable[..., Path]) -> None:
    manifest = script("mine", "sleep infinity")
    done = run("conformance/", "-k", "joins_the_group", "--router", "radvd", "--dhcpv6-server", "kea",
               "-n", "2", "--implementation", manifest, report=report)
    assert done.returncode == 0, done.stdout
    assert of(report, "mine") and {each["implementations"]["guest"]["name"] for each in cells(report)} == {"mine"}
    assert len(lines(done, "brought: mine 1 as guest (--implementation ")) == 1
    assert all(f"--implementation {manifest}" in each["reproduce"] for each in cells(report))


@pytest.mark.parametrize(("more", "options", "sentence"), [
    ("redy = 1", (), "mine.toml:6: `redy`: unknown key; did you mean ready? (known: "),
    ("", ("--guest", "linux"), "mine.toml: --guest linux leaves mine without a part; add --guest mine"),
    ("", ("--router", "mine"), "ERROR: --router mine: mine plays guest, not router (known: "),
])
def test_what_is_refused(
    report: Path, script: Callable[..., Path], more: str, options: tuple[str, ...], sentence: str
) -> None:
    done = run(*LONELY, "--implementation", script("mine", "sleep infinity", more), *options, report=report)
    assert (done.returncode, len(lines(done, sentence))) == (4, 1), done.stdout


def test_a_name_is_used_once(report: Path, script: Callable[..., Path]) -> None:
    mine, dnsmasq = script("mine", "sleep infinity"), script("dnsmasq", "sleep infinity")
    done = run(*LONELY, "--implementation", mine, "--implementation", mine, report=report)
    assert lines(done, f": 'mine' is the name of --implementation {mine} too; choose another") and done.returncode == 4
    done = run(*LONELY, "--implementation", dnsmasq, report=report)
    assert lines(done, ": 'dnsmasq' is a name that Sextant knows; choose another") and done.returncode == 4


def test_it_is_listed(report: Path, script: Callable[..., Path]) -> None:
    mine = script("mine", "sleep infinity")
    done = run("conformance/", "--list-implementations", "--implementation", mine, report=report)
    assert done.returncode == 0
    assert ["mine", "guest"] in [line.split()[:2] for line in lines(done, "mine")], done.stdout


@pytest.mark.skipif(not all(map(find_program, ("dhclient", "kea-dhcp6"))), reason="needs dhclient and kea-dhcp6")
def test_the_examples_get_a_full_column(report: Path) -> None:
    """The guest of 20 lines behind the router of 60, in every play that they have a part in."""
    done = run(*PROJECT.glob("conformance/test_*.py"), "--implementation", GUEST, "--implementation", ROUTER,
               "--dhcpv6-server", "kea", report=report, within=600)
    assert done.returncode in (0, 1), done.stdout
    for role, name in (("guest", "shell-guest"), ("router", "python-router")):
        column = [each for each in cells(report) if each["implementations"].get(role, {}).get("name") == name]
        judged = [each for each in column if each["verdict"] in JUDGED]
        assert not [each for each in column if each["verdict"] == "error"], done.stdout
        assert len(judged) > 20 and sum(each["verdict"] == "pass" for each in judged) > 0.8 * len(judged), done.stdout
