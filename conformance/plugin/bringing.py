"""`--implementation FILE`: programs that somebody brings along join the known ones for this run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from conformance.casting import BadSelection
from conformance.plugin.collecting import cell_of
from fixtures.brought.manifest import BadManifest, Manifest, load
from fixtures.brought.program import implementation
from fixtures.implementations.base import ProgramError
from fixtures.implementations.registry import all_implementations, bring, send_away
from fixtures.sandbox import environment

_BROUGHT: pytest.StashKey[tuple[Manifest, ...]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--implementation`."""
    parser.getgroup("sextant").addoption(
        "--implementation", action="append", metavar="FILE", default=[],
        help="bring an implementation along, described by a manifest (docs/bring-your-own.md): it alone plays its"
             " roles, unless the roles' own options say who does, and only what has a part for it is played; may be"
             " repeated")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Before anything is listed or played: read the manifests. What is wrong is one sentence and exit status 4."""
    brought(config)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """The same in a worker, before the selection is made."""
    brought(config)


def pytest_unconfigure() -> None:
    """What one run knows is nothing to the next in this process."""
    send_away()


@pytest.hookimpl(optionalhook=True)
def pytest_sextant_keeps(config: pytest.Config) -> list[Path]:
    """The manifests' folders and what their commands name are seen in the sandbox."""
    return [file for manifest in brought(config) for file in manifest.files]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Who was brought."""
    return [_introduced(manifest) for manifest in brought(config)] if environment.inside() else []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Who brings a program wants its verdicts: what has no part for it is not played."""
    roles = {role for manifest in brought(config) for role in manifest.roles}
    gone = [item for item in items if (cell := cell_of(item)) is not None and roles and not roles & set(cell.cast)]
    if gone:
        items[:] = [item for item in items if item not in set(gone)]
        config.hook.pytest_deselected(items=gone)


def brought(config: pytest.Config) -> tuple[Manifest, ...]:
    """The manifests of this run, read once; their implementations are known from then on. Raises UsageError."""
    if _BROUGHT not in config.stash:
        found: list[Manifest] = []
        for given in config.getoption("implementation"):
            try:
                manifest = load(config.invocation_params.dir / given)
                found.append(manifest)
                bring(implementation(manifest))
            except BadManifest as error:
                raise pytest.UsageError(f"--implementation {error}") from error
            except ValueError:
                raise pytest.UsageError(f"--implementation {manifest.path}: {_taken(manifest, found)}") from None
        config.stash[_BROUGHT] = tuple(found)
    return config.stash[_BROUGHT]


def casting(config: pytest.Config, wanted: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Who may play: as the roles' own options say (`wanted`), else the brought ones. Raises BadSelection."""
    chosen: dict[str, Sequence[str]] = dict(wanted)
    for manifest in brought(config):
        for role in manifest.roles:
            if role not in wanted:
                chosen[role] = [*chosen.get(role, ()), manifest.name]
        if not any(_names(manifest.name, chosen[role]) for role in manifest.roles):
            said = " and ".join(f"--{role} {' '.join(wanted[role])}" for role in manifest.roles)
            raise BadSelection(f"--implementation {manifest.path}: {said} leaves {manifest.name} without a part; add"
                               f" --{manifest.roles[0]} {manifest.name}")
    return chosen


def again(config: pytest.Config) -> list[str]:
    """The options that a command must repeat."""
    return [f"--implementation {given}" for given in config.getoption("implementation")]


def _names(name: str, words: Iterable[str]) -> bool:
    return any(word == "all" or fnmatchcase(name, word) for word in words)


def _taken(manifest: Manifest, found: Sequence[Manifest]) -> str:
    other = next((each.path for each in found[:-1] if each.name == manifest.name), None)
    return f"`name`: {manifest.name} is the name of {other or 'an implementation that Sextant knows'}; choose another"


def _introduced(manifest: Manifest) -> str:
    try:
        version = all_implementations()[manifest.name].version()
    except ProgramError as error:
        return f"brought: {error}"
    return f"brought: {manifest.name} {version} as {' and '.join(manifest.roles)}, from {manifest.path}"
