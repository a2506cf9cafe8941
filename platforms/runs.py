"""What is done in a root: the README's commands, as root and as an ordinary user, each timed."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from platforms import machine
from platforms.enter import command_line
from platforms.known import Platform, PlatformError
from platforms.roots import UID, USER, discard, home

PROJECT = Path(__file__).parents[1]
#: Where the project lies in a root, and where the reports of its runs do.
TREE, REPORTS = f"home/{USER}/sextant", f"home/{USER}/reports"
#: Kept from one run to the next: they are made for this place.
_KEPT = (".venv", ".setup")
#: Folders that running the suite makes, wherever they are.
_MADE = (*_KEPT, "reports/out", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache")
PLAYERS = {"root": 0, "user": UID}


@dataclass
class Run:
    """One default run: its exit status and the seconds from the command's start to its end."""

    status: int
    wall_s: float


@dataclass
class Result:
    """What was measured of a platform. `set_up_s`: seconds of the set-up in the minimal root, network included."""

    system: str
    python: str
    set_up_s: float
    played: str = ""
    runs: dict[str, Run] = field(default_factory=dict)

    def save(self, platform: Platform) -> None:
        """Keep it beside the root."""
        _note(platform).write_text(json.dumps(asdict(self), indent=1))


def saved_result(platform: Platform) -> Result | None:
    """What was measured last, None while nothing was."""
    try:
        told = json.loads(_note(platform).read_text())
        return Result(**told | {"runs": {who: Run(**run) for who, run in told["runs"].items()}})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def report(platform: Platform, who: str, arguments: Sequence[str] = ()) -> Path:
    """The directory of the report of that player's last run: of the default one, or of the last one with arguments."""
    return home() / platform.name / _reports(who, arguments)


def _reports(who: str, arguments: Sequence[str]) -> str:
    """Where the report lies in a root: a run with arguments leaves that of the default run alone."""
    return f"{REPORTS}/{who}-chosen" if arguments else f"{REPORTS}/{who}"


class Root:
    """A root with the project in it, as it is here and now."""

    def __init__(self, platform: Platform, root: Path) -> None:
        self.platform, self.root = platform, root
        self._binds = machine.furnish(root)
        copy_project(root / TREE)

    def set_up(self, *options: str) -> Result:
        """Let script/conformance install what is missing; in a new root that is what a newcomer waits for.

        Raises PlatformError.
        """
        before = saved_result(self.platform)
        begin = time.monotonic()
        status = self.run(["sh", "script/conformance", "--version", *options], who="root")
        if status:
            if before is None:
                discard(self.platform)  # the next one begins with a minimal root again
            raise PlatformError(f"the set-up ends with status {status} in it, see above.")
        give_to_user(self.root / TREE)
        seconds = before.set_up_s if before else time.monotonic() - begin
        result = Result(_system(self.root), self._ask("import platform; print(platform.python_version())"), seconds)
        if before is not None:
            result.played, result.runs = before.played, before.runs
        result.save(self.platform)
        return result

    def play(self, who: str, arguments: Sequence[str]) -> Run:
        """script/conformance with these arguments; the report lies where `report` says."""
        shutil.rmtree(report(self.platform, who, arguments), ignore_errors=True)
        reports = self.root / REPORTS
        reports.mkdir(exist_ok=True)
        os.chown(reports, UID, UID)
        begin = time.monotonic()
        into = f"/{_reports(who, arguments)}"
        status = self.run(["sh", "script/conformance", "--report-dir", into, *arguments], who=who)
        return Run(status, time.monotonic() - begin)

    def run(self, command: list[str], *, who: str) -> int:
        """Run a command in the project's directory; its output is ours."""
        return subprocess.run(self._entering(command, who), cwd=PROJECT, env=_environment(who)).returncode

    def _ask(self, code: str) -> str:
        done = subprocess.run(self._entering([".venv/bin/python", "-c", code], "user"), cwd=PROJECT,
                              env=_environment("user"), capture_output=True, text=True)
        return done.stdout.strip()

    def _entering(self, command: list[str], who: str) -> list[str]:
        inside = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", f"/{TREE}", *command]
        return command_line(self.root, inside, uid=PLAYERS[who], binds=self._binds)


def _environment(who: str) -> dict[str, str]:
    """A login's, and what the machine needs to reach packages."""
    system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    mine = {"HOME": "/root", "USER": "root", "PATH": system}
    if who == "user":
        mine = {"HOME": f"/home/{USER}", "USER": USER, "PATH": "/usr/local/bin:/usr/bin:/bin"}
    return machine.environment() | mine | {"LANG": "C.UTF-8", "TERM": os.environ.get("TERM", "dumb")}


def copy_project(into: Path) -> None:
    """Put the project there as it is in this working tree, owned by the ordinary user; .venv and .setup stay."""
    fresh = into.with_name(f"{into.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name in project_files():
        there = fresh / name
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT / name, there, follow_symlinks=False)
    for name in _KEPT:
        if (into / name).exists():
            (into / name).rename(fresh / name)
    shutil.rmtree(into, ignore_errors=True)
    fresh.rename(into)
    give_to_user(into)


def project_files() -> list[str]:
    """Every file of the project that is not made by running it."""
    if not (PROJECT / ".git").exists():  # unpacked from an archive
        return sorted(_unpacked_files())
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    except OSError as error:
        raise PlatformError(f"git cannot be started ({error.strerror}): install its package.") from error
    if done.returncode:
        raise PlatformError(f"git cannot list the project's files: {done.stderr.strip()}.")
    return [name for name in done.stdout.split("\0") if name and os.path.lexists(PROJECT / name)]


def _unpacked_files() -> Iterator[str]:
    for place, folders, files in os.walk(PROJECT):
        folder = Path(place).relative_to(PROJECT)
        folders[:] = [name for name in folders if name not in _MADE and str(folder / name) not in _MADE]
        yield from (str(folder / name) for name in files)


def give_to_user(folder: Path) -> None:
    """Make the ordinary user own everything in it."""
    os.chown(folder, UID, UID)
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(place, name), UID, UID, follow_symlinks=False)


def _system(root: Path) -> str:
    lines = (root / "etc/os-release").read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines if "=" in line)
    version = root / "etc/debian_version"
    name = told.get("PRETTY_NAME", "").strip('"')
    return f"{name}, {version.read_text().strip()}" if told.get("ID") == "debian" and version.exists() else name


def _note(platform: Platform) -> Path:
    return home() / f"{platform.name}.json"


def now() -> str:
    """The date and time, UTC."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M")


def say(text: str) -> None:
    """A line for whoever waits."""
    print(f"sextant: {text}", file=sys.stderr, flush=True)
