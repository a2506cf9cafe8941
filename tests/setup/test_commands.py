"""The commands in script/, as a user meets them. Nothing is installed here."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.setup.listing import ROOT

COMMANDS = ("conformance", "test", "setup", "lock", "merge")


def run(*argv: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the commands, with its own list of packages and no .venv."""
    shutil.copytree(ROOT / "script", tmp_path / "script")
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_help_comes_at_once_and_changes_nothing(tree: Path, command: str) -> None:
    before = sorted(tree.rglob("*"))
    done = run(tree / "script" / command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: script/{command}")
    assert sorted(tree.rglob("*")) == before


@pytest.mark.parametrize("command", (*COMMANDS, "lab", "lib/apt-install.sh"))
def test_the_shell_accepts_it(command: str) -> None:
    done = run("sh", "-n", ROOT / "script" / command)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_option_is_one_sentence(tree: Path) -> None:
    done = run(tree / "script/setup", "--al")
    assert done.returncode == 4
    assert done.stderr == "sextant: script/setup does not know --al: it takes --all, --check and --help.\n"


def test_check_names_what_is_missing_and_changes_nothing(tree: Path) -> None:
    (tree / "script/packages.txt").write_text(
        "[base]\nsh dash\n[conformance]\nno-such-program no-such-package\n[all]\nnor-this rarely-needed\n"
    )
    before = sorted(tree.rglob("*"))
    done = run(tree / "script/setup", "--check")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "sextant: missing: the Debian package no-such-package",
        "sextant: missing: .venv with the Python packages of requirements.lock",
    ]
    assert sorted(tree.rglob("*")) == before


def test_check_of_all_looks_at_every_section(tree: Path) -> None:
    (tree / "script/packages.txt").write_text("[matrix]\nnor-that for-the-matrix\n[all]\nnor-this rarely-needed\n")
    assert "for-the-matrix" not in run(tree / "script/setup", "--check").stderr
    said = run(tree / "script/setup", "--all", "--check").stderr
    assert "rarely-needed" in said and "for-the-matrix" in said


def test_a_file_that_is_no_program_is_found_by_a_pattern(tree: Path) -> None:
    (tree / "vmlinuz-6.1").touch()
    (tree / "script/packages.txt").write_text(
        f"[base]\n{tree}/vmlinuz-* a-kernel\n{tree}/OVMF_*.fd firmware\n{tree}/requirements.lock a-lock\n"
    )
    said = run(tree / "script/setup", "--check").stderr
    assert "firmware" in said and "a-kernel" not in said and "a-lock" not in said


@pytest.mark.parametrize(
    ("arguments", "asks"),
    [
        (["--matrix"], True),
        (["-k", "lease", "--matrix=full"], True),
        (["conformance/checks/dhcpv6/test_duid.py", "--matrix", "--guest", "linux"], True),
        (["--guest", "dhcpcd"], False),
        (["conformance/matrix"], False),
        ([], False),
    ],
)
def test_the_matrix_has_its_packages_when_it_is_asked_for(tree: Path, arguments: list[str], asks: bool) -> None:
    script = 'root=$1; shift; . "$root/script/lib/common.sh"; asks_for_matrix "$@"'
    assert run("sh", "-c", script, "sh", tree, *arguments).returncode == (0 if asks else 1)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-k", "managed"], ["{root}/conformance", "-k", "managed"]),
        (["conformance/test_ra.py::test_x"], ["conformance/test_ra.py::test_x"]),
        (["--recordings", "reports/out/recordings"], ["{root}/conformance", "--recordings", "reports/out/recordings"]),
        (["-k", "two words"], ["{root}/conformance", "-k", "two words"]),
        (["--matrix"], ["{root}/conformance", "--matrix"]),
    ],
)
def test_arguments_reach_pytest_as_they_are(tree: Path, arguments: list[str], expected: list[str]) -> None:
    python = tree / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nfor argument; do echo "$argument"; done\n')
    python.chmod(0o755)
    script = 'root=$1; shift; . "$root/script/lib/common.sh"; pytest_on conformance "$@"'
    done = run("sh", "-c", script, "sh", tree, *arguments)
    given = ["-m", "pytest", "-c", f"{tree}/pyproject.toml", "--rootdir", str(tree)]
    assert done.stdout.splitlines() == [*given, *(word.format(root=tree) for word in expected)]


def test_signals_to_the_command_are_signals_to_pytest(tree: Path) -> None:
    python = tree / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho $$\n")
    python.chmod(0o755)
    script = 'root=$1; . "$root/script/lib/common.sh"; echo $$; pytest_on conformance'
    before, after = run("sh", "-c", script, "sh", tree).stdout.split()
    assert before == after


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ([], "--numprocesses 6"),
        (["-x", "--junitxml=junit.xml"], "--numprocesses 6"),
        (["-n", "2"], ""),
        (["-k", "lease"], ""),
        (["tests/peers/test_host.py"], ""),
        (["--pdb"], ""),
    ],
)
def test_all_tests_together_run_side_by_side(tree: Path, arguments: list[str], given: str) -> None:
    function = re.search(r"^workers\(\) \{.*?^\}", (tree / "script/test").read_text(), re.DOTALL | re.MULTILINE)
    assert function is not None
    script = f'root=$1; shift; . "$root/script/lib/common.sh"\n{function[0]}\nworkers "$@"'
    assert run("sh", "-c", script, "sh", tree, *arguments).stdout.strip() == given
