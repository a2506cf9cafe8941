"""`--baseline FILE`: red is only what is worse than in an earlier run, whose compliance.json (or report) is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.judging.verdict import Outcome

_BASELINE: pytest.StashKey[dict[str, str]] = pytest.StashKey()
#: How bad a verdict is; what nobody judged is no measure for what somebody does now.
_BADNESS = {
    Outcome.PASS: 0,
    Outcome.WARN: 1,
    Outcome.INCONCLUSIVE: 2,
    Outcome.FLAKY: 2,
    Outcome.FAIL: 3,
    Outcome.ERROR: 4,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--baseline`."""
    parser.getgroup("sextant").addoption(
        "--baseline", metavar="FILE", default=None,
        help="red is only what is worse than in this compliance.json, or in the report of this directory")


def pytest_configure(config: pytest.Config) -> None:
    """Read the file; what is none is one sentence and exit status 4."""
    named = config.getoption("baseline")
    if named is not None:
        config.stash[_BASELINE] = _read(config.invocation_params.dir / named, named)


@pytest.hookimpl(optionalhook=True)
def pytest_sextant_keeps(config: pytest.Config) -> list[Path]:
    """The file, for workers and within the sandbox."""
    named = config.getoption("baseline")
    return [config.invocation_params.dir / named] if named else []


def as_before(config: pytest.Config, nodeid: str, outcome: Outcome) -> str | None:
    """The word of this cell in the baseline, where it was as bad as now or worse; else None."""
    word = config.stash.get(_BASELINE, {}).get(nodeid.rpartition("::")[2])
    if word is None or word not in _BADNESS or outcome not in _BADNESS:
        return None
    return word if _BADNESS[Outcome(word)] >= _BADNESS[outcome] else None


def _read(path: Path, named: str) -> dict[str, str]:
    """The verdicts by the last part of their test's id: files move, tests keep their names. Raises UsageError."""
    file = path / "compliance.json" if path.is_dir() else path
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return {each["test"].rpartition("::")[2]: each["verdict"] for each in document["verdicts"]}
    except OSError as error:
        raise pytest.UsageError(
            f"--baseline {named}: {error.strerror}; name the compliance.json of an earlier run") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise pytest.UsageError(
            f"--baseline {named} is no compliance.json; name that of an earlier run, or its directory") from error
