"""The pump and the programs whose output it reads."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.playing.output import LIMIT, OutputPump
from fixtures.playing.program import RunningProgram
from fixtures.programs.base import ProgramError


class Said:
    """What a pipe said, until it was closed."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.stamps: list[int] = []
        self.closed = threading.Event()

    def __call__(self, ns: int, text: str | None) -> None:
        self.stamps.append(ns)
        if text is None:
            self.closed.set()
        else:
            self.lines.append(text)


@pytest.fixture
def pump() -> Iterator[OutputPump]:
    pump = OutputPump()
    yield pump
    pump.close()


def lines_of(pump: OutputPump, *chunks: bytes) -> list[str]:
    reading, writing = os.pipe()
    heard = Said()
    pump.add(reading, heard)
    for chunk in chunks:
        os.write(writing, chunk)
    os.close(writing)
    assert heard.closed.wait(10)
    return heard.lines


@pytest.mark.parametrize(("chunks", "lines"), [
    ((b"one\ntwo\n",), ["one", "two"]),
    ((b"o", b"ne\nt", b"wo\n"), ["one", "two"]),
    ((b"dos\r\nrest",), ["dos", "rest"]),
    ((b"caf\xc3", b"\xa9\n"), ["caf\u00e9"]),
    ((b"\xff\n",), ["\ufffd"]),
    ((b"\n\n",), ["", ""]),
    ((), []),
])
def test_lines(pump: OutputPump, chunks: tuple[bytes, ...], lines: list[str]) -> None:
    assert lines_of(pump, *chunks) == lines


def test_lines_are_stamped_when_they_are_read(pump: OutputPump) -> None:
    reading, writing = os.pipe()
    heard = Said()
    before = time.time_ns()
    pump.add(reading, heard)
    os.write(writing, b"now\n")
    os.close(writing)
    assert heard.closed.wait(10)
    assert before <= heard.stamps[0] <= time.time_ns()


def test_a_line_without_an_end_is_cut_off_too(pump: OutputPump) -> None:
    reading, writing = os.pipe()
    heard = Said()
    pump.add(reading, heard)
    os.set_blocking(writing, True)
    for _ in range(40):
        os.write(writing, b"x" * 65536)
    os.close(writing)
    assert heard.closed.wait(10)
    assert heard.lines[-1] == f"(output cut off after {LIMIT} bytes)"
    assert sum(map(len, heard.lines)) < LIMIT + (1 << 17)


def test_pipes_come_and_go_from_many_threads(pump: OutputPump) -> None:
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(lines_of(pump, b"a\n", b"b\n"))) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["a", "b"]] * 40


def program(pump: OutputPump, text: str) -> RunningProgram:
    popen = subprocess.Popen(["sh", "-c", text], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, start_new_session=True)
    return RunningProgram("it", popen, lambda ns, line: None).watch(pump)


def test_what_was_said_before_is_heard(pump: OutputPump) -> None:
    it = program(pump, "echo one; echo two; read forever < /dev/zero")
    assert it.says("two", within=10) == "two"
    assert it.says("o.e", within=10) == "one"
    it.signal(signal.SIGKILL)
    assert it.wait(10) == -signal.SIGKILL
    it.signal(signal.SIGTERM)


def test_what_is_not_said_in_time(pump: OutputPump) -> None:
    it = program(pump, "echo one; sleep 100")
    it.says("one", within=10)
    with pytest.raises(ProgramError, match=r"^it was not ready within 0\.05 s; its output ends: one$"):
        it.says("two", within=0.05)
    with pytest.raises(ProgramError, match=r"^it did not end within 0\.05 s; its output ends: one$"):
        it.wait(0.05)
    it.signal(signal.SIGKILL)
    it.wait(10)


def test_a_long_output_is_quoted_from_its_end(pump: OutputPump) -> None:
    it = program(pump, "seq 100; exit 1")
    with pytest.raises(ProgramError) as error:
        it.says("never", within=10)
    assert str(error.value) == (
        "it ended with exit status 1 before it was ready; its output ends: 93 | 94 | 95 | 96 | 97 | 98 | 99 | 100")


def test_collected_is_all_that_it_wrote(pump: OutputPump) -> None:
    it = program(pump, "seq 1000")
    assert it.collect_output(10).splitlines() == [str(number) for number in range(1, 1001)]
    assert it.wait(10) == 0


def test_it_has_left_when_its_helpers_have(pump: OutputPump, tmp_path: Path) -> None:
    """A helper outlives the program until somebody has written to its pipe."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    it = program(pump, f"cat {pipe} & exit 0")
    assert it.wait(10) == 0
    with pytest.raises(ProgramError, match=r"^it has ended, and what it started has not within 0\.01 s$"):
        it.wait_until_closed(0.01)
    pipe.write_text("end")
    it.wait_until_closed(10)
