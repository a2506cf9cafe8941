"""`--shard I/N`: every cell in one shard, with its play, alike on every machine."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.catalogue.datafiles import BadData
from conformance.selection import sharding
from conformance.selection.casting import Selection, alone, casts
from conformance.selection.cells import Cell, cells
from conformance.selection.declared import declared_checks
from conformance.selection.lineup import lineup
from conformance.selection.sharding import BadShard, Shard, durations, expected_seconds, play_of, split
from fixtures.implementations.registry import all_implementations
from tests.conformance.pretended import CHECK, OTHER, Program, Stage, verdicts
from tests.conformance.synthetic import Unplayed

pytest_plugins = ["pytester"]

#: Two plays for each guest, so four with both guests; each judged by both checks.
TWO_MODES = (CHECK + OTHER).replace("Unplayed()", "Unplayed(), Unplayed('slaac')")


@pytest.fixture(scope="module")
def every_cell() -> list[Cell]:
    """Every cell of a run without options."""
    usual = Selection({}, all_implementations(), lineup())
    return [cell for check in declared_checks()
            for cell in cells(check, lambda scenario: casts(scenario.roles, usual, alone(scenario, usual)))]


@pytest.mark.parametrize("text", ["5/4", "0/3", "x", "1", "1/", "/2", "-1/2", "1/2/3", "1.0/2", "0/0", ""])
def test_what_is_no_shard_is_one_sentence(text: str) -> None:
    with pytest.raises(BadShard) as refused:
        Shard.parse(text)
    assert str(refused.value) == (
        f"--shard {text}: it takes I/N with I from 1 to N, such as 1/4 for the first of four shards")


def test_bad_shards_end_with_usage(run: Callable[..., Any], stage: Stage,
                                   capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--shard", "5/4").ret == 4
    assert "ERROR: --shard 5/4: it takes I/N with I from 1 to N" in capsys.readouterr().err
    assert stage.played == []


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_the_shards_are_the_whole_and_share_nothing(run: Callable[..., Any], stage: Stage,
                                                    number: int) -> None:
    whole, plays = verdicts(run(text=TWO_MODES)), set(stage.played)
    assert len(whole) == 8 and len(plays) == 4
    stage.played.clear()
    parts = [run("--shard", f"{index}/{number}", text=TWO_MODES) for index in range(1, number + 1)]
    told = [verdicts(part) for part in parts]
    assert [part.ret for part in parts] == [0] * number
    assert sum(len(part) for part in told) == 8
    assert {name: cell for part in told for name, cell in part.items()} == whole
    assert sorted(stage.played) == sorted(plays), "a play that serves two checks is played once, in one shard"


def test_what_is_not_played_belongs_to_one_shard(run: Callable[..., Any], stage: Stage) -> None:
    stage.known["dhcpcd"] = Program("dhcpcd", "guest", missing=("dhcpcd",))
    parts = [run("--shard", f"{index}/2", text=TWO_MODES) for index in (1, 2)]
    told = [{name: cell["verdict"] for name, cell in verdicts(part).items()} for part in parts]
    assert [part.ret for part in parts] == [0, 0]
    assert not told[0].keys() & told[1].keys()
    assert sorted([*told[0].values(), *told[1].values()]) == ["not-run"] * 4 + ["pass"] * 4


def test_a_shard_that_has_nothing_to_do_is_green(run: Callable[..., Any], stage: Stage,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--guest", "dhclient", "--shard", "2/2").ret == 0
    assert "there are fewer plays than shards" in capsys.readouterr().out
    assert stage.played == []
    assert run("--guest", "dhclient", "-k", "nothing_like_it", "--shard", "2/2").ret == 5


def test_all_cells_are_split_evenly_and_the_same_whatever_the_order(every_cell: list[Cell]) -> None:
    for number in (2, 4, 7):
        found = split(every_cell, number)
        mixed = random.Random(number).sample(every_cell, len(every_cell))
        assert split(mixed, number) == found
        load = dict.fromkeys(range(1, number + 1), 0.0)
        for cell in {play_of(cell): cell for cell in every_cell}.values():
            load[found[play_of(cell)]] += expected_seconds(cell.scenario, cell.cast)
        longest = max(expected_seconds(cell.scenario, cell.cast) for cell in every_cell)
        assert max(load.values()) - min(load.values()) <= longest


def test_every_recorded_duration_is_of_a_scenario_that_there_is(every_cell: list[Cell]) -> None:
    assert durations().keys() <= {cell.scenario.name for cell in every_cell}


def test_a_duration_is_the_slowest_players_own_or_the_usual_or_the_scenarios(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"unplayed": {"usual": 7, "ipxe": 3, "slow": 30}}
    monkeypatch.setattr(sharding, "durations", lambda: known)
    assert expected_seconds(Unplayed(), {"guest": "linux"}) == 7
    assert expected_seconds(Unplayed(), {"guest": "ipxe", "router": "dnsmasq"}) == 3
    assert expected_seconds(Unplayed(), {"guest": "ipxe", "router": "slow"}) == 30
    known.clear()
    assert expected_seconds(Unplayed(), {"guest": "linux"}) == Unplayed.length


def test_durations_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "durations.toml").write_text("guest-boot = 7\n")
    with pytest.raises(BadData, match=r"durations\.toml: guest-boot: it must be a table of seconds by implementation"):
        sharding.durations_in(tmp_path / "durations.toml")
