"""The options of the suite, checked before anything plays."""

from __future__ import annotations

import argparse
from pathlib import Path
from shlex import quote

import pytest

from conformance.catalogue.datafiles import BadData
from conformance.catalogue.requirements import catalogue
from conformance.plugin import bringing
from conformance.plugin.desk import DESK, Desk
from conformance.plugin.progress import ReadingLine
from conformance.selection.casting import BadSelection, Selection
from conformance.selection.lineup import lineup
from conformance.selection.profiles import PROFILES
from conformance.selection.undisturbed import GRANTED, PATIENCE
from conformance.sources.base import Source
from conformance.sources.captured import Captured
from conformance.sources.played import Played
from conformance.sources.programs import Programs
from conformance.sources.saved import BadRecordings, Saved
from fixtures.captures.reader import CaptureError
from fixtures.implementations.registry import all_implementations
from fixtures.programs.base import ProgramError

#: The roles that a real program can be chosen for, each with its own option.
CHOOSABLE = (
    "guest", "router", "dhcpv6-server", "relay", "name-server", "neighbor-proxy", "fabric", "application",
    "virtual-router", "sip-endpoint", "requesting-router",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the group "sextant". `--strict` is pytest's own: here it also makes every `warn` red."""
    group = parser.getgroup("sextant", "sextant: IPv6 conformance in clouds")
    for role in CHOOSABLE:
        group.addoption(f"--{role}", action="append", metavar="NAME", default=None, dest=_dest(role),
                        help=f"who plays {role}: a name, a glob or `all`; may be repeated (default: the usual ones)")
    group.addoption("--matrix", nargs="?", const="pairs", default=None, metavar="full", type=_matrix,
                    help="play every installed guest against the listed routers and DHCPv6 servers, and who else is"
                         " installed in every other role; --matrix=full: against all of them")
    group.addoption("--list-implementations", action="store_true", help="print the implementations, and end")
    group.addoption("--requirement", action="append", metavar="ID", default=[],
                    help="judge only this requirement or part of one, such as RA-05 or RA-11.code; may be repeated")
    group.addoption("--profile", choices=[*PROFILES], default=None,
                    help="judge only what belongs to it; host-core: what any IPv6 host does (docs/ipv6-ready.md)")
    group.addoption("--nightly", action="store_true", help="play what is too slow for an ordinary run, too")
    group.addoption("--patience", metavar="TIMES", type=_times, default=PATIENCE,
                    help="a run on a slow or busy host may take so many times its expected time longer, and"
                         f" {GRANTED:.0f} s in any case (default: {PATIENCE:g}): plays that have not begun by then, or"
                         " are still disturbed, are inconclusive; 0: none is repeated")
    group.addoption("--recordings", metavar="DIR", default=None,
                    help="play nothing: judge the recordings saved in DIR")
    group.addoption("--pcap", metavar="FILE", action="append", default=[],
                    help="play nothing: judge what the wire alone tells in a capture (pcapng or pcap) of any origin;"
                         " may be repeated")


def pytest_configure(config: pytest.Config) -> None:
    """Read the options and the catalogue's data; what is wrong is one sentence and exit status 4."""
    try:
        wanted = bringing.casting(config, {
            role: config.getoption(_dest(role)) for role in CHOOSABLE if config.getoption(_dest(role))})
        selection = Selection(wanted, all_implementations(), lineup(), config.getoption("matrix") or "")
        for role in wanted:
            selection.playing(role)
        promises = frozenset(_promise(id) for id in config.getoption("requirement"))
        programs, plays = Programs(selection), None
        source = _elsewhere(config, programs)
        if source is None:
            programs.demand_installed()
            source = plays = Played(programs, config.getoption("nightly"))
        config.stash[DESK] = Desk(programs, source, plays, promises, nightly=config.getoption("nightly"),
                                  profile=PROFILES.get(config.getoption("profile")),
                                  strict=bool(config.getini("strict")), again=_again(config))
    except (BadData, BadSelection, BadRecordings) as error:
        raise pytest.UsageError(str(error)) from error
    except CaptureError as error:
        raise pytest.UsageError(f"--pcap {error}") from error


def _times(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 on, such as 2 or 0.5")
    return number


def _elsewhere(config: pytest.Config, programs: Programs) -> Source | None:
    """Where recordings come from that this run does not play; else None. Raises BadRecordings and CaptureError."""
    here, folder, captures = config.invocation_params.dir, config.getoption("recordings"), config.getoption("pcap")
    if folder and captures:
        raise BadRecordings("--recordings and --pcap cannot be judged in one run; give one of them")
    if captures:
        return Captured.open([here / file for file in captures], ReadingLine(config).show)
    return Saved.open(here / folder, programs) if folder else None


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """`--list-implementations`: a table, and the end."""
    if not config.getoption("list_implementations") or bringing.awaits_sandbox(config):
        return None
    for line in implementations_table():
        print(line)
    return 0


@pytest.hookimpl(optionalhook=True)
def pytest_sextant_needs_sandbox(config: pytest.Config) -> bool | None:
    """Saved recordings are judged without one."""
    return False if config.getoption("recordings") or config.getoption("pcap") else None


@pytest.hookimpl(optionalhook=True)
def pytest_sextant_keeps(config: pytest.Config) -> list[Path]:
    """The saved recordings and captures, for workers."""
    named = [config.getoption("recordings"), *config.getoption("pcap")]
    return [config.invocation_params.dir / name for name in named if name]


def implementations_table() -> list[str]:
    """One line for each implementation: name, roles, version or what is missing."""
    rows = []
    for name, each in all_implementations().items():
        try:
            state = (f"not installed: apt install {' '.join(each.packages)}" if each.missing() else each.version())
        except ProgramError as error:
            state = f"cannot be asked for its version: {error}"
        rows.append((name, ", ".join(sorted(each.roles)), state))
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    return [f"{name:<{widths[0]}}  {roles:<{widths[1]}}  {state}" for name, roles, state in rows]


def _matrix(word: str) -> str:
    if word not in ("pairs", "full"):
        raise argparse.ArgumentTypeError(f"it takes no value or `full`, not {word!r}; write --matrix after the paths,"
                                         " or --matrix=pairs before them")
    return word


def _promise(id: str) -> str:
    try:
        return catalogue().promise(id).id
    except BadData as error:
        raise BadData(f"--requirement {id}: {error}") from error


def _dest(role: str) -> str:
    return "cast_" + role.replace("-", "_")


def _again(config: pytest.Config) -> str:
    """The options that a command must repeat to show a cell of this run again, as a shell reads them."""
    words = [f"--{role} {quote(name)}" for role in CHOOSABLE for name in config.getoption(_dest(role)) or ()]
    words += bringing.again(config)
    if config.getoption("matrix"):
        words.append(f"--matrix={config.getoption('matrix')}")
    if config.getoption("nightly"):
        words.append("--nightly")
    if config.getoption("recordings"):
        words.append(f"--recordings {quote(config.getoption('recordings'))}")
    words += [f"--pcap {quote(file)}" for file in config.getoption("pcap")]
    return "".join(f" {word}" for word in words)
