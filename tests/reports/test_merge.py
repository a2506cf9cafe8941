"""Reports of shards, joined: equal to the report of the whole run, or refused with one sentence."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reports.document.compliance import SCHEMA_FILE, dumps, load
from reports.document.merge import merge
from reports.errors import ReportError
from tests.conformance.test_bad_input import outside

ROOT = Path(__file__).parents[2]
SHARDS = 2
#: A few short plays.
SELECTION = ("conformance/checks/link_local/test_link_local.py",
             "conformance/checks/router_discovery/test_router_stop.py",
             "-k", "linux and not without_anybody")  # fmt: skip

Change = Callable[[dict[str, Any]], None]


def suite(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The suite, as from a shell."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *SELECTION, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=outside(), capture_output=True, text=True, timeout=240)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`whole` is a report of recordings that were played before, `1` and `2` are its shards."""
    base = tmp_path_factory.mktemp("runs") / "reports"
    suite("--report-dir", base / "played")
    again = ("--recordings", base / "played" / "recordings")
    wanted = [("whole",), *((str(index), "--shard", f"{index}/{SHARDS}") for index in range(1, SHARDS + 1))]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda run: suite(*again, "--report-dir", base / run[0], *run[1:]), wanted))
    return base


@pytest.fixture
def shards(runs: Path, tmp_path: Path) -> list[Path]:
    """Copies of the shards' documents, to be damaged."""
    found = []
    for index in range(1, SHARDS + 1):
        found.append(tmp_path / str(index))
        found[-1].mkdir()
        (found[-1] / "compliance.json").write_text((runs / str(index) / "compliance.json").read_text())
    return found


def edit(shard: Path, change: Change) -> None:
    document: dict[str, Any] = json.loads((shard / "compliance.json").read_text())
    change(document)
    (shard / "compliance.json").write_text(dumps(document))  # type: ignore[arg-type]


def shard_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["run"]["shard"]
    return found


def test_joined_shards_equal_the_whole_run(runs: Path, tmp_path: Path) -> None:
    into = tmp_path / "joined"
    command = [sys.executable, "-m", "reports", "merge", *(str(runs / str(index)) for index in (2, 1))]
    done = subprocess.run([*command, "--into", str(into)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"2 shards, {len(load(into / 'compliance.json')['verdicts'])} verdicts: " in done.stdout
    whole, joined = load(runs / "whole" / "compliance.json"), load(into / "compliance.json")
    jsonschema.validate(joined, json.loads(SCHEMA_FILE.read_text()))
    assert len(whole["verdicts"]) > SHARDS
    for key in whole.keys() - {"run"}:
        assert joined[key] == whole[key], key  # type: ignore[literal-required]
    assert joined["run"]["command"] == whole["run"]["command"].replace(str(runs / "whole"), str(runs / "1"))
    assert joined["run"]["selected"] == whole["run"]["selected"]
    for kept in ("recordings", "allure-results"):
        assert len(list((into / kept).iterdir())) == len(list((runs / "whole" / kept).iterdir()))
    assert {path.name for path in (into / "recordings").iterdir()} == {
        path.name for path in (runs / "whole" / "recordings").iterdir()
    }
    assert (into / "index.html").is_file()


def test_every_shard_plays_and_judges_a_part(runs: Path) -> None:
    parts = [load(runs / str(index) / "compliance.json")["verdicts"] for index in range(1, SHARDS + 1)]
    assert all(parts)
    scenes = [{each["recording"] for each in part} for part in parts]
    assert not scenes[0] & scenes[1]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda document: shard_of(document).update(index=1), "are both shard 1/2; name each shard once."),
        (lambda document: shard_of(document).update(number=3), "different numbers of shards; run them with"),
        (lambda document: shard_of(document).update(suite="0"), "by different states of the suite; run all shards"),
        (lambda document: shard_of(document).update(selection="0"), "different cells were selected; run all shards"),
        (lambda document: document["run"].pop("shard"), "is no report of a shard; run the suite with --shard I/N."),
        (lambda document: document.update(schema=9), "has schema 9, but this version of Sextant reads schema 1."),
    ],
)
def test_what_is_no_part_is_refused(shards: list[Path], tmp_path: Path, change: Change, sentence: str) -> None:
    edit(shards[1], change)
    with pytest.raises(ReportError, match=re.escape(sentence)) as refused:
        merge(shards, tmp_path / "out")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_test_that_two_shards_judge_is_refused(shards: list[Path], tmp_path: Path) -> None:
    edit(shards[0], lambda one: edit(shards[1], lambda other: other["verdicts"].append(one["verdicts"][0])))
    with pytest.raises(ReportError, match=r"both judge conformance/.*; one of them was edited"):
        merge(shards, tmp_path / "out")


def test_plays_that_shards_played_again_are_told_together(shards: list[Path], tmp_path: Path) -> None:
    for shard, id in zip(shards, ("b", "a"), strict=True):
        edit(shard, lambda one, id=id: one["run"].update(played_again=[{"recording": id, "reason": "a stall"}]))
    merge(shards, tmp_path / "out")
    joined = load(tmp_path / "out" / "compliance.json")
    jsonschema.validate(joined, json.loads(SCHEMA_FILE.read_text()))
    assert [each["recording"] for each in joined["run"]["played_again"]] == ["a", "b"]


def test_missing_and_unreadable_shards_are_refused(shards: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"shard 2/2 is missing; name the reports of all 2 shards\."):
        merge(shards[:1], tmp_path / "out")
    command = [sys.executable, "-m", "reports", "merge", str(shards[0]), str(tmp_path / "nowhere")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 4
    assert done.stderr == (
        f"ERROR: cannot read {tmp_path}/nowhere/compliance.json: No such file or directory;"
        " name the directory of a report.\n"
    )
