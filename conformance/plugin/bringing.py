"""Implementations that somebody brings along join the known ones for this run, and play the roles that they have.

What brings them are options of other plugins (`pytest_sextant_brings`); `--implementation FILE` is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from shlex import quote

import pytest

from conformance.plugin import hooks
from conformance.plugin.collecting import cell_of
from conformance.plugin.desk import DESK
from conformance.plugin.hooks import Newcomer
from conformance.selection.casting import BadSelection
from conformance.selection.lineup import lineup
from fixtures.brought.manifest import BadManifest, load
from fixtures.brought.program import implementation
from fixtures.implementations.registry import all_implementations, bring, send_away
from fixtures.names import product_of
from fixtures.programs.base import Implementation, ProgramError
from fixtures.roles import ROLES
from fixtures.sandbox import environment

_BROUGHT: pytest.StashKey[tuple[Newcomer, ...]] = pytest.StashKey()


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make `pytest_sextant_brings` known."""
    pluginmanager.add_hookspecs(hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--implementation`."""
    parser.getgroup("sextant").addoption(
        "--implementation", action="append", metavar="FILE", default=[],
        help="bring an implementation along, described by a manifest (docs/bring-your-own.md): it alone plays its"
             " roles, unless the roles' own options say who does, and only what has a part for it is played; may be"
             " repeated")


def pytest_sextant_brings(config: pytest.Config) -> list[Newcomer]:
    """Those of `--implementation`."""
    found = []
    for given in config.getoption("implementation"):
        try:
            manifest = load(config.invocation_params.dir / given)
        except BadManifest as error:
            raise pytest.UsageError(f"--implementation {error}") from error
        found.append(Newcomer(implementation(manifest), f"--implementation {quote(given)}", manifest.files))
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Before anything is listed or played: who is brought. What is wrong is one sentence and exit status 4."""
    newcomers(config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """The same in a worker, before the selection is made."""
    newcomers(config)


def pytest_unconfigure() -> None:
    """What one run knows is nothing to the next in this process."""
    send_away()


@pytest.hookimpl(optionalhook=True)
def pytest_sextant_keeps(config: pytest.Config) -> list[Path]:
    """What the brought ones need is seen in the sandbox."""
    return [file for newcomer in newcomers(config) for file in newcomer.files]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Who was brought."""
    return [_introduction(newcomer) for newcomer in newcomers(config)] if environment.inside() else []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Who brings a program wants its verdicts: what has no part for it is not played."""
    may_play = config.stash[DESK].programs.selection.playing
    roles = {role for newcomer in newcomers(config) for role in newcomer.who.roles if newcomer.who.name
             in may_play(role)}
    gone = {item for item in items if (cell := cell_of(item)) is not None and roles and not roles & set(cell.cast)}
    if gone:
        items[:] = [item for item in items if item not in gone]
        config.hook.pytest_deselected(items=list(gone))


def newcomers(config: pytest.Config) -> tuple[Newcomer, ...]:
    """Who was brought to this run, asked once; they are known implementations from then on. Raises UsageError."""
    if _BROUGHT not in config.stash:
        found = [newcomer for several in config.hook.pytest_sextant_brings(config=config) for newcomer in several]
        for number, newcomer in enumerate(found):
            try:
                bring(newcomer.who)
            except ValueError:
                other = next((each.option for each in found[:number] if each.who.name == newcomer.who.name), None)
                raise pytest.UsageError(
                    f"{newcomer.option}: {newcomer.who.name!r} is"
                    f" {f'the name of {other} too' if other else 'a name that Sextant knows'}; choose another"
                ) from None
        config.stash[_BROUGHT] = tuple(found)
    return config.stash[_BROUGHT]


def casting(config: pytest.Config, wanted: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Who may play: as the roles' own options say (`wanted`), else the brought ones. Raises BadSelection.

    A build with a label plays wherever what is installed does. A build plays the roles in which its program is one of
    the usual players, unless an option names it for others.
    """
    chosen: dict[str, Sequence[str]] = dict(wanted)
    for newcomer in newcomers(config):
        who, others = newcomer.who, _beside(newcomer.who)
        roles = sorted(who.roles, key=ROLES.index)
        named = [role for role in roles if any(_names(name, wanted.get(role, ())) for name in (who.name, *others))]
        free = [role for role in (roles if who.build is None else _usual(who, roles)) if role not in wanted]
        for role in named:
            chosen[role] = [*chosen[role], who.name]
        for role in free if who.build is None or not named else ():
            chosen[role] = [*chosen.get(role, ()), *others, who.name]
        if not any(_names(who.name, chosen.get(role, ())) for role in roles):
            said = " and ".join(f"--{role} {' '.join(wanted[role])}" for role in roles if role in wanted)
            raise BadSelection(f"{newcomer.option}: {said} leaves {who.name} without a part;"
                               f" add --{roles[0]} {who.name}")
    return chosen


def _beside(who: Implementation) -> list[str]:
    """The installed one, which a build with a label plays beside."""
    name = product_of(who.name)
    return [name] if name != who.name and not all_implementations()[name].missing() else []


def _usual(who: Implementation, roles: list[str]) -> list[str]:
    """Of its roles those that the line-up gives it; all, where these are none."""
    return [role for role in roles if product_of(who.name) in lineup().usual.get(role, ())] or roles


def awaits_sandbox(config: pytest.Config) -> bool:
    """Whether somebody's build was brought, which is asked who it is only inside the sandbox."""
    return not environment.inside() and any(newcomer.who.build is not None for newcomer in newcomers(config))


def again(config: pytest.Config) -> list[str]:
    """The options that a command must repeat."""
    return [newcomer.option for newcomer in newcomers(config)]


def _names(name: str, words: Iterable[str]) -> bool:
    return any(word == "all" or fnmatchcase(name, word) for word in words)


def _introduction(newcomer: Newcomer) -> str:
    who = newcomer.who
    try:
        version = who.version()
    except ProgramError as error:
        return f"brought: {error}"
    roles = " and ".join(sorted(who.roles, key=ROLES.index))
    return f"brought: {who.name} {version} as {roles} ({newcomer.option}){_consists_of(who)}"


def _consists_of(who: Implementation) -> str:
    """What is a build's own, so that nobody takes what is installed for it."""
    if who.build is None:
        return ""
    main, *others = [who.build.files[who.build.main], *(
        path for name, path in who.build.files.items() if name != who.build.main)]
    more = [*map(str, others), *(f"libraries in {folder}" for folder in who.build.libraries)]
    return f": {main}" + (f", with {' and '.join(more)}" if more else "")
