"""`--baseline`: red is only what is worse than in an earlier run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.pretended import Stage
from tests.conformance.test_plugin import without_flag

pytest_plugins = ["pytester"]

CELL = "conformance/anywhere/test_it.py::test_managed_flag[dnsmasq-dhclient]"


def baseline(folder: Path, word: str, test: str = CELL) -> str:
    path = folder / "compliance.json"
    path.write_text(json.dumps({"schema": 1, "verdicts": [{"test": test, "verdict": word}]}))
    return str(path)


@pytest.mark.parametrize(
    ("word", "status"),
    [("fail", 0), ("error", 0), ("inconclusive", 1), ("pass", 1), ("not-run", 1), ("not-applicable", 1)],
)
def test_red_is_what_got_worse(run: Callable[..., Any], stage: Stage, tmp_path: Path, word: str, status: int) -> None:
    stage.direct = without_flag
    result = run("--guest", "dhclient", "--baseline", baseline(tmp_path, word))
    assert result.ret == status
    if status == 0:
        result.assertoutcome(skipped=1)


def test_a_cell_that_the_baseline_has_not_is_red(run: Callable[..., Any], stage: Stage, tmp_path: Path) -> None:
    stage.direct = without_flag
    result = run("--guest", "dhclient", "--baseline", baseline(tmp_path, "fail", CELL.replace("dhclient", "other")))
    assert result.ret == 1


def test_the_directory_of_a_report_does(run: Callable[..., Any], stage: Stage, tmp_path: Path) -> None:
    stage.direct = without_flag
    baseline(tmp_path, "fail")
    assert run("--guest", "dhclient", "--baseline", str(tmp_path)).ret == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [(None, "No such file or directory; name the compliance.json of an earlier run"),
     ("[]", "is no compliance.json"), ("{", "is no compliance.json")],
)  # fmt: skip
def test_what_is_no_baseline_is_one_sentence(
    run: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, told: str
) -> None:
    path = tmp_path / "other.json"
    if text is not None:
        path.write_text(text)
    assert run("--baseline", str(path)).ret == 4
    assert told in capsys.readouterr().err
