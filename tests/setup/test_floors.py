"""The floors hold: each contract of import-linter breaks by an import against it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]

#: Contract, by the beginning of its name -> who imports what against it.
AGAINST = {
    "Imports run one way": ("linux", "topologies"),
    "The reader sees": ("reports", "fixtures.sandbox"),
    "A verdict is a pure function": ("conformance.judging", "random"),
    "A recording can be read": ("fixtures.recording", "topologies"),
    "Rooms of fixtures": ("fixtures.sandbox", "fixtures.recording"),
    "Plays": ("fixtures.scenarios.common", "fixtures.scenarios.clouds"),
    "Rooms of conformance": ("conformance.judging", "conformance.reading"),
    "Families of checks": ("conformance.checks.dhcpv6", "conformance.checks.slaac"),
    "The clouds' checks": ("conformance.clouds.vpc", "conformance.clouds.ovirt"),
    "The stage's machinery": ("topologies.stage", "topologies.lan"),
    "No circles": ("fixtures.recording.model", "fixtures.recording.storage"),
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What import-linter says of a copy with all of these imports, contract by contract."""
    copy = tmp_path_factory.mktemp("against")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in LINTER["root_packages"]:
        shutil.copytree(ROOT / package, copy / package, ignore=lambda folder, names: [
            name for name in names if not (Path(folder, name).is_dir() or name.endswith(".py"))])
    for importer, imported in AGAINST.values():
        path = copy.joinpath(*importer.split("."))
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        file.write_text(f"{file.read_text()}\nimport {imported}\n")
    done = subprocess.run([Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=copy,
                          env={**os.environ, "COLUMNS": "500"}, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    told = done.stdout.partition("Broken contracts")[2]
    names = [contract["name"] for contract in LINTER["contracts"]]
    begins = sorted(told.index(name) for name in names if name in told)
    return [told[begin:end] for begin, end in zip(begins, [*begins[1:], len(told)], strict=True)]


@pytest.mark.parametrize("contract", [contract["name"] for contract in LINTER["contracts"]])
def test_an_import_against_it_is_told(contract: str, complaints: list[str]) -> None:
    arrows = [arrow for beginning, arrow in AGAINST.items() if contract.startswith(beginning)]
    assert len(arrows) == 1, "a contract needs one import against it in AGAINST"
    told = [text for text in complaints if text.startswith(contract)]
    assert told, "it is kept"
    assert all(name.rpartition(".")[2] in told[0].partition("\n")[2] for name in arrows[0])
