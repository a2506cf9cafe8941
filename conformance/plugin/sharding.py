"""`--shard I/N`: keep what this host plays of the selection, and note for the merge what the whole selection was."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from typing import Any

import pytest

from conformance.catalogue.datafiles import BadData
from conformance.plugin.collecting import cell_of
from conformance.plugin.desk import DESK
from conformance.selection.sharding import NOTE, BadShard, Shard, note_of, play_of, selection, split, suite
from fixtures.playing.paths import STAGING

_SHARD: pytest.StashKey[Shard] = pytest.StashKey()
_NOTE: pytest.StashKey[dict[str, Any]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--shard`."""
    parser.getgroup("sextant").addoption(
        "--shard", metavar="I/N", default=None,
        help="play and judge only the I-th of N parts of the selection, split by play; `python -m reports merge`"
             " joins the N reports")


def pytest_configure(config: pytest.Config) -> None:
    """Read the option; what is no shard is one sentence and exit status 4."""
    text = config.getoption("shard")
    if text is None:
        return
    try:
        config.stash[_SHARD] = Shard.parse(text)
    except BadShard as error:
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """After everything else has been deselected: keep the cells of this shard's plays."""
    shard = config.stash.get(_SHARD, None)
    if shard is None:
        return
    cells = [cell_of(item) for item in items]
    try:
        shards = split((cell for cell in cells if cell is not None), shard.number)
    except BadData as error:
        raise pytest.UsageError(str(error)) from error
    mine = [shards[play_of(cell)] if cell is not None else 1 for cell in cells]
    desk = config.stash[DESK]
    options = {"nightly": desk.nightly, "strict": desk.strict, "recordings": desk.plays is None}
    config.stash[_NOTE] = {**asdict(shard), "suite": suite(), "selected": len(items),
                           "selection": selection((item.nodeid for item in items), options)}
    gone = [item for item, index in zip(items, mine, strict=True) if index != shard.index]
    items[:] = [item for item, index in zip(items, mine, strict=True) if index == shard.index]
    if gone:
        config.hook.pytest_deselected(items=gone)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave the note where the report is made; every worker leaves the same."""
    note, staging = session.config.stash.get(_NOTE, None), session.config.stash.get(STAGING, None)
    if note is None or staging is None or session.config.option.collectonly:
        return
    with tempfile.NamedTemporaryFile("w", dir=staging, prefix=f"{NOTE}.", delete=False) as file:
        json.dump(note, file)
    os.replace(file.name, staging / NOTE)


def is_part_of_something(config: pytest.Config) -> bool:
    """Whether this run is a shard of a selection that has cells: then nothing to judge is nothing wrong."""
    staging = config.stash.get(STAGING, None)
    note = config.stash.get(_NOTE, None) or (note_of(staging) if staging else None)
    return bool(note and note["selected"])
