"""A set-up that cannot be done ends with one sentence and status 4. Nothing is installed here: apt is a stand-in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.setup.listing import ROOT

ORDINARY_USER = (sys.executable, "-I", "-S", str(ROOT / "tests/sandbox/ordinary_user.py"))
UNREACHABLE = "W: Failed to fetch http://mirror.invalid/debian/dists/sid/InRelease  Could not resolve 'mirror.invalid'"
MALFORMED = "E: Malformed entry 1 in list file /etc/apt/sources.list.d/mine.list (Component)"


class Place:
    """A copy of the commands, beside programs that stand before the machine's own."""

    def __init__(self, home: Path) -> None:
        self.tree, self.programs = home / "tree", home / "bin"
        shutil.copytree(ROOT / "script", self.tree / "script")
        shutil.copy(ROOT / "requirements.lock", self.tree)
        self.packages("[base]\npython3 python3\nno-such-program wanted\n")
        self.programs.mkdir()
        self.program("id", "echo 0")
        self.apt(update="exit 0", known=True)

    def packages(self, text: str) -> None:
        (self.tree / "script/packages.txt").write_text(text)

    def program(self, name: str, shell: str) -> None:
        (self.programs / name).write_text(f"#!/bin/sh\n{shell}\n")
        (self.programs / name).chmod(0o755)

    def apt(self, *, update: str, known: bool) -> None:
        """`update` is what `apt-get update` does; `known`: the lists have every package."""
        marker = self.tree / "installed"
        self.program("apt-get", f'case " $* " in *" update "*) {update} ;; *" install "*) echo "$*" >>{marker} ;; esac')
        self.program("apt-cache", "echo '  Candidate: 1.0'" if known else "exit 0")

    @property
    def installed(self) -> bool:
        return (self.tree / "installed").exists()

    def set_up(self, *who: str, **environment: str) -> tuple[int, list[str]]:
        """Exit status and sentences of script/setup."""
        path = f"{self.programs}:{os.environ['PATH']}"
        done = subprocess.run([*who, self.tree / "script/setup"], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env={**os.environ, "PATH": path, **environment})
        return done.returncode, done.stderr.splitlines()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_checkout_whose_state_cannot_be_written(place: Place) -> None:
    state = place.tree / ".setup"
    state.mkdir(mode=0o555)
    status, said = place.set_up(*ORDINARY_USER)
    assert (status, len(said)) == (4, 1), said
    assert said[0].startswith(f"sextant: cannot write to {state}: ")


def test_a_file_of_somebody_elses_in_it(place: Place) -> None:
    state = place.tree / ".setup"
    state.mkdir()
    (state / "lock").touch(mode=0o444)
    status, said = place.set_up(*ORDINARY_USER)
    assert (status, len(said)) == (4, 1), said
    assert said[0].startswith(f"sextant: cannot write to {state}/lock: ")


@pytest.mark.parametrize("complaint", [UNREACHABLE, MALFORMED])
def test_a_broken_source_of_packages_is_named_and_no_package_is_said_to_be_missing(
    place: Place, complaint: str
) -> None:
    place.apt(update=f'echo "{complaint}" >&2; exit 100', known=False)
    status, said = place.set_up()
    assert status == 4
    assert said[0] == "sextant: installing wanted"
    assert len(said) == 2 and complaint[3:] in said[1] and "Mend that source" in said[1]
    assert not place.installed
    assert not (place.tree / ".setup/unavailable").exists(), "the next run must look again"


def test_an_unreachable_source_is_no_obstacle_where_the_lists_have_all(place: Place) -> None:
    place.apt(update=f'echo "{UNREACHABLE}" >&2; exit 100', known=True)
    place.program("python3", "exit 1")
    _, said = place.set_up()
    assert any("trying with those that are there" in sentence for sentence in said)
    assert place.installed


def test_a_package_that_the_system_really_lacks_is_gone_without(place: Place) -> None:
    place.apt(update="exit 0", known=False)
    _, said = place.set_up(SEXTANT_PYTHON=sys.executable)
    assert "sextant: this system has no package wanted." in said
    assert "sextant: going on with what is there." in said


def test_a_named_python_that_is_too_old_is_no_reason_to_install_one(place: Place) -> None:
    place.program("python3.10", "exit 1")
    status, said = place.set_up(SEXTANT_PYTHON="python3.10")
    assert status == 4
    assert said == ["sextant: SEXTANT_PYTHON=python3.10 is no Python 3.11 or newer: name one that is, or unset it to"
                    " have one looked for."]
    assert not place.installed
