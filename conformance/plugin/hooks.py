"""What other plugins may say about a run of the suite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from fixtures.programs.base import Implementation


@dataclass(frozen=True)
class Newcomer:
    """An implementation that somebody brings along for one run.

    `option` is how it was asked for, as the command line has it; `files` must be seen in the sandbox.
    """

    who: Implementation
    option: str
    files: tuple[Path, ...] = ()


@pytest.hookspec
def pytest_sextant_brings(config: pytest.Config) -> Sequence[Newcomer]:
    """Who is brought along by the options that this plugin has.

    Asked once in each process, before the run is configured, inside the sandbox and outside: it only reads. What is
    wrong raises UsageError with one sentence.
    """
    raise NotImplementedError
