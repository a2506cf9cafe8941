from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.trial import ORDINARY_USER, Trial


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: repeats at random moments; runs with -m slow only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "slow" in config.getoption("markexpr"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: runs with -m slow only"))


@pytest.fixture(params=[(), ORDINARY_USER], ids=["as-we-are", "ordinary-user"])
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> Trial:
    """A project in the private /tmp, for whoever runs the tests and for a user without privileges."""
    return Trial(tmp_path, user=request.param)
