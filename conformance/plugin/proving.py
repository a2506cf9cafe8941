"""How many checks were proved able to fail and what else was measured, for the summary of the suite's own tests."""

from __future__ import annotations

from typing import Any

import pytest

#: The name of the user property by which a test says which check's proof it is a part of.
PROPERTY = "sextant-proof"
#: The name of the user property that holds a line for the summary: another figure of how far verdicts can be trusted.
FIGURE = "sextant-figure"


class Proofs:
    """Which proofs hold: those none of whose parts failed."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._failed: set[str] = set()
        self._figures: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take one phase of one part."""
        for key, value in report.user_properties:
            if key == FIGURE and report.when == "teardown":
                self._figures.append(str(value))
            if key == PROPERTY:
                self._seen.add(str(value))
                if not report.passed:
                    self._failed.add(str(value))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how many checks are proved, where there was a proof at all, and the other figures."""
        if self._seen:
            proved = len(self._seen - self._failed)
            terminalreporter.write_line(f"checks proved able to fail: {proved} of {len(self._seen)}")
        for figure in self._figures:
            terminalreporter.write_line(figure)


def pytest_configure(config: pytest.Config) -> None:
    """Listen from the start."""
    config.pluginmanager.register(Proofs(), "sextant-proofs")
