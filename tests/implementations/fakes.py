"""Programs that are started instead of the machine's own."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.programs.base import find_program


@pytest.fixture(scope="module")
def instead() -> Iterator[dict[str, Path]]:
    """Programs that are started instead of the machine's own, by name."""
    fakes: dict[str, Path] = {}

    def find(name: str, *build: object) -> str | None:
        return str(fakes[name]) if name in fakes else find_program(name, *build)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        for module in ("fixtures.playing.post", "fixtures.implementations.frr_daemons"):
            patch.setattr(f"{module}.find_program", find)
        yield fakes


def script(path: Path, text: str) -> Path:
    """Write an executable script."""
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path
