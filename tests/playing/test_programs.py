"""Programs that break their contract: the play's recording says so in one sentence, and nothing is left of them."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from fixtures.playing.output import LINES
from fixtures.playing.request import PlayRequest
from fixtures.programs.base import ProgramError
from tests.playing.tiny import Script, play_once, play_start, tiny
from topologies.stage.processes import processes_in


def lines(recording: Any) -> list[str]:
    return [output.text for output in recording.outputs]


def test_ends_at_once(tmp_path: Path) -> None:
    recording = play_start("echo 'bad option' >&2; exit 2", tmp_path)
    assert recording.error == "script ended with exit status 2 before it was ready; its output ends: bad option"
    assert lines(recording) == ["bad option"]


def test_is_killed_at_once(tmp_path: Path) -> None:
    assert play_start("kill -9 $$", tmp_path).error == "script ended by SIGKILL before it was ready; it wrote nothing"


def test_is_never_ready(tmp_path: Path) -> None:
    recording = play_start("echo starting; sleep 100", tmp_path, patience=0.2)
    assert recording.error == "script was not ready within 0.2 s; its output ends: starting"


def test_ignores_every_signal_that_can_be_ignored(tmp_path: Path) -> None:
    def end(live: Any) -> None:
        post = live._posts["guest", "script"]
        post.end(signal.SIGTERM, within=0.2)
        statuses.append(post.programs[0].returncode)

    statuses: list[int | None] = []
    recording = play_start("trap '' TERM INT HUP; echo ready; while :; do sleep 100; done", tmp_path, then=end)
    assert (recording.error, statuses) == (None, [-signal.SIGKILL])


def test_forks_away(tmp_path: Path) -> None:
    left: list[int] = []
    script = "setsid sh -c 'trap \"\" TERM; while :; do sleep 100; done' </dev/null >/dev/null 2>&1 & echo ready $!"

    def note(live: Any) -> None:
        room = live.stage.get("guest").room
        left.extend(pid for pid in processes_in({room.inode}) if pid != room.init)
        assert left, "the daemon runs"

    assert play_start(script, tmp_path, then=note).error is None
    assert not [pid for pid in left if Path(f"/proc/{pid}/exe").exists()], "a daemon outlives its play"


def test_floods_its_output(tmp_path: Path) -> None:
    def wait(live: Any) -> None:
        statuses.append(live._posts["guest", "script"].programs[0].wait(20.0))

    statuses: list[int] = []
    recording = play_start("echo ready; yes 0123456789 | head -c 3000000; exit 7", tmp_path, then=wait)
    assert recording.error is None
    assert statuses == [7], "a program must not die of being cut off"
    assert lines(recording)[-1] == f"(output cut off after {LINES} lines)"
    assert len(lines(recording)) == LINES + 1


def test_is_not_installed(tmp_path: Path) -> None:
    absent = Script("")
    absent.programs = ("no-such-program",)  # type: ignore[misc]
    absent.packages = ("no-such-package",)  # type: ignore[misc]
    with pytest.raises(ProgramError) as error:
        _ = PlayRequest(tiny(lambda live: None), {"guest": absent}).id
    assert str(error.value) == ("script needs no-such-program, which is not installed; "
                                "on Debian: apt install no-such-package")


def test_cannot_be_executed(tmp_path: Path) -> None:
    def run(live: Any) -> None:
        program = live._hand("guest").write("program", "no program")
        program.chmod(0o755)
        live.at("guest").run([str(program)], name="it")

    assert str(play_once(run, tmp_path).error).endswith("/program cannot be started: Exec format error")


def test_run_gives_the_status_and_ends_what_is_late(tmp_path: Path) -> None:
    def run(live: Any) -> None:
        statuses.append(live.at("guest").run(["sh", "-c", "echo said; exit 3"], name="fails"))
        statuses.append(live.at("guest").run(["sleep", "100"], name="late", within=0.1))

    statuses: list[int] = []
    recording = play_once(run, tmp_path)
    assert (recording.error, statuses) == (None, [3, 124])
    assert [(each.node, each.program, each.text) for each in recording.outputs] == [("guest", "fails", "said")]
