"""The worked examples of docs/bring-your-own.md, as they stand there: built from Debian's sources and played.

They need a compiler and the sources, which only some machines have; elsewhere they are skipped and say what is missing.
tests/brought/test_program_option.py tests the same without building anything.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.names import in_file_name
from fixtures.programs.base import find_program
from tests.brought import sources
from tests.conformance.test_bad_input import PROJECT, run

SECTION = re.search(r"### Two worked examples\n(.*?)\n## ", (PROJECT / "docs/bring-your-own.md").read_text(), re.DOTALL)
assert SECTION is not None
RADVD, DHCPCD, CHANGED = re.findall(r"```sh\n(.*?)```", SECTION[1], re.DOTALL)
#: What is asked of a DHCPv6 client until it has its lease and its name server, in a few plays.
CLIENT = tuple(word for id in ("DHCP6-01", "DHCP6-04", "DHCP6-25") for word in ("--requirement", id))


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "out"


@pytest.fixture
def example(tmp_path: Path) -> Callable[..., Path]:
    """Run the commands of an example in a folder; returns the directory where they end."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "apt-get").write_text(f'#!/bin/sh\n# Usage: apt-get source PACKAGE\n'
                                   f'exec dpkg-source -x {sources.folder("$2")}/*.dsc\n')
    (tools / "apt-get").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "LC_ALL": "C"}

    def build(commands: str, folder: Path = tmp_path, needs: tuple[str, ...] = sources.BUILDERS) -> Path:
        lacking = [name for name in needs if shutil.which(name) is None]
        if lacking:
            pytest.skip(f"the worked example is not built: there is no {' and no '.join(lacking)} here")
        for package in re.findall(r"apt-get source (\S+)", commands):
            _demand_sources(package)
        script = f"exec 3>&1 >&2\n{commands}\npwd >&3"
        done = subprocess.run(["sh", "-euc", script], cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return Path(done.stdout.strip())

    return build


def _demand_sources(package: str) -> None:
    """Skips the test where the sources of a package are not in the cache."""
    place = sources.folder(package)
    if not list(place.glob("*.dsc")):
        reason = place / sources.WHY_NOT
        why = reason.read_text() if reason.exists() else "script/test fetches them"
        pytest.skip(f"the worked example is not built: no sources of {package} here ({why});"
                    " python -m tests.brought.sources --again tries once more")


def verdicts(report: Path, role: str) -> dict[str, dict[str, str]]:
    """By who played the role: the verdicts, by test without the players' names."""
    found: dict[str, dict[str, str]] = {}
    for each in json.loads((report / "compliance.json").read_text())["verdicts"]:
        name = each["implementations"][role]["name"]
        test = re.sub(rf"\b{re.escape(in_file_name(name))}(?=[-+\]])", "*", each["test"])
        found.setdefault(name, {})[f"{each['requirement']} {test}"] = each["verdict"]
    return found


@pytest.mark.skipif(None in map(find_program, ("radvd", "kea-dhcp6")), reason="needs radvd and kea-dhcp6")
def test_a_radvd_is_judged_like_the_installed_one(report: Path, example: Callable[..., Path]) -> None:
    mine = example(RADVD, needs=(*sources.BUILDERS, "autoreconf", "aclocal", "flex", "bison", "pkg-config"))
    done = run("conformance", "--requirement", "RA-04", "--requirement", "RA-05", "--program", f"radvd@mine={mine}",
               "--guest", "linux", report=report, within=600)
    assert done.returncode == 0, done.stdout
    found = verdicts(report, "router")
    assert set(found) == {"radvd", "radvd@mine"} and found["radvd"] == found["radvd@mine"]
    assert f"{mine}/radvd" in done.stdout


@pytest.mark.skipif(None in map(find_program, ("radvd", "kea-dhcp6")), reason="needs radvd and kea-dhcp6")
def test_a_changed_line_of_dhcpcd_is_red_in_its_requirement_alone(report: Path, example: Callable[..., Path]) -> None:
    mine = example(DHCPCD)
    changed = example(CHANGED, mine)
    done = run("conformance", *CLIENT, "--program", f"dhcpcd@mine={mine}", "--program", f"dhcpcd@changed={changed}",
               "--guest", "dhcpcd@*", "--router", "radvd", report=report, within=600)
    assert done.returncode == 1, done.stdout
    found = verdicts(report, "guest")
    unchanged = found["dhcpcd@mine"]
    apart = {test: verdict for test, verdict in found["dhcpcd@changed"].items() if verdict != unchanged[test]}
    assert {test.partition(" ")[0] for test in apart} == {"DHCP6-01"} and set(apart.values()) == {"fail"}, done.stdout
    assert set(unchanged.values()) == {"pass"}
    for build in (mine, changed):
        assert f"with {build}/hooks/dhcpcd-run-hooks" in done.stdout
