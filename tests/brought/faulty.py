"""Copies of an example with one fault each, and one run in which all of them play beside the example itself."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.conformance.test_bad_input import run

Cells = dict[str, list[dict[str, Any]]]


class Fault(NamedTuple):
    """What stands in the source, what stands there instead, and the requirement (or its part) that turns red."""

    old: str
    new: str
    found_by: str


def played(manifest: Path, script: str, role: str, faults: Mapping[str, Fault], asked: Sequence[str],
           others: Sequence[str], folder: Path) -> Cells:
    """The verdicts on the example and on each faulty copy, by its name. `others` are options that say who else plays.
    """
    source = (manifest.parent / script).read_text()
    manifests = [manifest]
    for name, fault in faults.items():
        assert source.count(fault.old) == 1, f"{name} changes what does not stand once in the example"
        copy = folder / name
        shutil.copytree(manifest.parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
        (copy / script).write_text(source.replace(fault.old, fault.new))
        text = manifest.read_text().replace(f'name = "{manifest.stem}"', f'name = "{name}"')
        (copy / manifest.name).unlink()
        manifests.append(copy / f"{name}.toml")
        manifests[-1].write_text("".join(line for line in text.splitlines(keepends=True) if "#:schema" not in line))
    options = [word for path in manifests for word in ("--implementation", str(path))]
    names = [word for path in manifests for word in (f"--{role}", path.stem)]
    wanted = [word for id in asked for word in ("--requirement", id)]
    report = folder / "reports" / "out"
    done = run("conformance", *options, *names, *wanted, *others, report=report, within=600)
    assert done.returncode in (0, 1), done.stdout
    found: Cells = defaultdict(list)
    for cell in json.loads((report / "compliance.json").read_text())["verdicts"]:
        if role in cell["implementations"]:
            found[cell["implementations"][role]["name"]].append(cell)
    return found


def red_cells(cells: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The reasons of what failed or broke, by requirement or part."""
    return {cell["part"] or cell["requirement"]: cell["reason"] for cell in cells
            if cell["verdict"] in ("fail", "error")}


def noticed_cells(cells: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What failed, broke or is a warning, by requirement or part, with its reason."""
    return red_cells(cells) | {cell["part"] or cell["requirement"]: cell["reason"] for cell in cells
                         if cell["verdict"] == "warn"}


def assert_found(cells: Cells, example: str, name: str, fault: Fault) -> None:
    """What finds the fault says so, and nothing else that does not say it of the example."""
    mine, found = noticed_cells(cells[example]), noticed_cells(cells[name])
    more = {id: reason for id, reason in found.items() if id not in mine}
    told = {cell["part"] or cell["requirement"]: (cell["verdict"], cell["reason"]) for cell in cells[name]
            if f"{cell['part'] or cell['requirement']}.".startswith(f"{fault.found_by}.")}
    assert more, told
    assert all(f"{id}.".startswith(f"{fault.found_by}.") for id in more), more
