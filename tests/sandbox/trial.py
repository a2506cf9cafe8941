"""A small pytest project that is run in a sandbox of its own: the suite's sandbox, from the outside."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import textwrap
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from fixtures.sandbox import environment

PROJECT = Path(__file__).parents[2]
ORDINARY_USER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("ordinary_user.py")))
LIMIT = 60.0  # seconds after which a hanging run is given up

_MARK = "SEXTANT_TRIAL"


@dataclass
class Trial:
    """A project below a directory; `user` puts the command line of another user before every command."""

    directory: Path
    user: tuple[str, ...] = ()
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        self.write("pytest.ini", "[pytest]\nstrict_config = true\n")
        self.write("conftest.py", 'pytest_plugins = ["fixtures.sandbox.plugin"]\n')

    def write(self, name: str, text: str) -> Path:
        """Add a file."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    @property
    def environment(self) -> dict[str, str]:
        """As outside of any sandbox, with a mark by which all processes are found."""
        outer = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        for name in (environment.MARK, environment.KEPT):
            outer.pop(name, None)
        return outer | {"PYTHONPATH": str(PROJECT), _MARK: self.mark, "PYTHONDONTWRITEBYTECODE": "1"}

    def pytest(self, *arguments: str) -> list[str]:
        """The command line of a pytest in the project."""
        return [*self.user, sys.executable, "-m", "pytest", *arguments]

    def sandbox(self, *command: str) -> list[str]:
        """The command line of a command in a sandbox."""
        return [*self.user, sys.executable, "-m", "fixtures.sandbox", "--", *command]

    def run(self, argv: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Run to the end."""
        return subprocess.run(
            argv,
            cwd=self.directory,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=LIMIT,
        )

    def start(self, argv: list[str], **variables: str) -> subprocess.Popen[str]:
        """Start in a process group of its own, output thrown away."""
        return subprocess.Popen(
            argv,
            cwd=self.directory,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def processes(self) -> dict[int, list[str]]:
        """Every process of this trial that lives, with its command line."""
        found = {}
        wanted = f"{_MARK}={self.mark}".encode()
        for folder in Path("/proc").iterdir():
            if not folder.name.isdecimal():
                continue
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = os.fsdecode((folder / "cmdline").read_bytes()).split("\0")
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                pass  # has ended, or is ending: without its memory it has no environment that one may read
        return found

    def wait_until_gone(self) -> None:
        """Wait for the end of every process of the trial (its descriptor becomes readable)."""
        while left := self.processes():
            for pid in left:
                try:
                    descriptor = os.pidfd_open(pid)
                except ProcessLookupError:
                    continue
                ended, _, _ = select.select([descriptor], [], [], LIMIT)
                os.close(descriptor)
                assert ended, f"still there: {left[pid]}"
