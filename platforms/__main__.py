"""script/platforms: see its head for the arguments."""

from __future__ import annotations

import argparse
import os
import platform as this
import sys
from pathlib import Path
from typing import NoReturn

from platforms.cells import cells_of
from platforms.known import PLATFORMS, REFERENCE, Platform, PlatformError, choose
from platforms.page import Played, page
from platforms.roots import discard, hold, make_root
from platforms.runs import PLAYERS, PROJECT, Result, Root, Run, now, report, saved_result, say
from reports.document.compliance import load
from reports.errors import ReportError

#: Statuses of a run, the best first: the worst of all is ours.
_BEST_FIRST = (0, 5, 4, 1, 3)


def main(arguments: list[str]) -> int:
    """Play the named platforms, write the page, and return the exit status."""
    own, _, theirs = _split(arguments)
    told = _parser().parse_intermixed_args(own)
    try:
        platforms = choose(told.names)
        if told.shell:
            return _shell(platforms)
        reference = _report_at_hand(told.reference) if told.reference else None
    except (PlatformError, ReportError) as error:
        say(str(error))
        return 4
    if reference is None and not theirs and saved_run(PLATFORMS[REFERENCE]) is None:
        if PLATFORMS[REFERENCE] not in platforms:
            say(f"{PLATFORMS[REFERENCE].title} is played, too: the others are compared with it.")
            platforms.insert(0, PLATFORMS[REFERENCE])
    statuses, absent = [], {}
    for each in platforms:
        try:
            statuses.append(_play(each, theirs, told))
        except PlatformError as error:
            say(f"{each.title} is not played: {error}")
            absent[each.title] = str(error)
    if not theirs and not told.tests_only and statuses:
        _write(told.page, reference, platforms, absent)
    return max(statuses, key=_badness, default=4)


def _split(arguments: list[str]) -> tuple[list[str], str, list[str]]:
    """Our own arguments, and those behind `--`, which are script/conformance's."""
    if "--" not in arguments:
        return arguments, "", []
    at = arguments.index("--")
    return arguments[:at], "--", arguments[at + 1 :]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        say(f"{message}; script/platforms --help says what it takes.")
        sys.exit(4)


def _parser() -> _Parser:
    parser = _Parser(prog="script/platforms", add_help=False)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--tests", action="store_true")
    parser.add_argument("--tests-only", action="store_true")
    parser.add_argument("--shell", action="store_true")
    parser.add_argument("--as", dest="players", choices=list(PLAYERS), action="append")
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--page", type=Path, default=PROJECT / "docs/platforms.md")
    return parser


def _play(platform: Platform, arguments: list[str], told: argparse.Namespace) -> int:
    """Play one platform; returns its worst status. Raises PlatformError."""
    with hold(platform.name):
        if told.fresh:
            discard(platform)
        say(f"{platform.title}: making its root, unless it is there")
        root = Root(platform, make_root(platform))
        say(f"{platform.title}: set-up")
        result = root.set_up(*(word for word in arguments if word == "--matrix"))
        statuses = []
        for who in [] if told.tests_only else told.players or PLAYERS:
            say(f"{platform.title}: script/conformance {' '.join(arguments)} as {who}")
            run = root.play(who, arguments)
            statuses.append(run.status)
            if not arguments:
                result.runs[who] = run
        if not arguments and result.runs:
            result.played = now()
            result.save(platform)
        if told.tests or told.tests_only:
            say(f"{platform.title}: script/test as root")
            statuses.append(root.run(["sh", "script/test"], who="root"))
        return max(statuses, key=_badness, default=0)


def _shell(platforms: list[Platform]) -> int:
    """A shell as root in one platform's root."""
    if len(platforms) != 1:
        raise PlatformError("--shell wants one platform.")
    with hold(platforms[0].name):
        root = Root(platforms[0], make_root(platforms[0]))
        root.set_up()
        return root.run(["bash"], who="root")


def saved_run(platform: Platform) -> Played | None:
    """What was played last on a platform, with its cells; None while nothing was."""
    result = saved_result(platform)
    try:
        cells = {who: cells_of(report(platform, who)) for who in result.runs} if result else {}
    except ReportError:
        return None
    return Played(platform.title, result, cells) if result and cells else None


def _report_at_hand(folder: Path) -> Played:
    """A report of this host itself as what the others are compared with. Raises ReportError."""
    run = load(folder / "compliance.json")["run"]
    who = "root" if os.geteuid() == 0 else "user"
    system = this.freedesktop_os_release().get("PRETTY_NAME", "this host")
    result = Result(system, this.python_version(), 0.0, run["started"], {who: Run(0, run["duration_s"])})
    return Played(system, result, {who: cells_of(folder)})


def _write(file: Path, reference: Played | None, platforms: list[Platform], absent: dict[str, str]) -> None:
    """Write the page of everything that has been played, now or before."""
    all_played = {name: played for name, each in PLATFORMS.items() if (played := saved_run(each))}
    if reference is not None:
        all_played = {each.name: all_played[each.name] for each in platforms if each.name in all_played}
    else:
        reference = all_played.pop(REFERENCE, None)
    if reference is None:
        say(f"no page is written: {PLATFORMS[REFERENCE].title}, the one to compare with, could not be played.")
        return
    file.write_text(page(reference, list(all_played.values()), absent, os.cpu_count() or 1))
    say(f"written: {file}")


def _badness(status: int) -> int:
    return _BEST_FIRST.index(status) if status in _BEST_FIRST else len(_BEST_FIRST)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # what played has heard Ctrl-C, too, and ended by itself
        say("stopped; the page is as it was, and what was made of a root is kept.")
        sys.exit(130)
