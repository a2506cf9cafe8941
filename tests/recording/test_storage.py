"""Saved recordings: equal when loaded, refused in one sentence when they are not whole."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import string
import subprocess
import zlib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.recording import storage
from fixtures.recording.glance import longest_stall
from fixtures.recording.model import (
    Count,
    Frame,
    Interface,
    KernelEvent,
    Mark,
    Output,
    Play,
    Program,
    Recording,
    Refusal,
    Snapshot,
    Stall,
    TraceLine,
)
from fixtures.recording.storage import SavedError, load, save
from tests.recording import crafted


def some_recording(dice: random.Random) -> Recording:
    """Any recording: every field filled at random, with odd text, times out of order and empty parts."""
    def text(odd: str = "\0\r\n\x85\u2028é\udc80\"\\") -> str:
        return "".join(dice.choices(string.ascii_letters + odd, k=dice.randrange(8)))

    def value(depth: int = 0) -> Any:
        kinds: list[Any] = [text, lambda: dice.randrange(-2 ** 70, 2 ** 70), lambda: dice.random() * 1e9, lambda: None,
                 lambda: dice.random() < 0.5]
        if depth < 3:
            kinds += [lambda: [value(depth + 1) for _ in range(dice.randrange(3))], lambda: table(depth + 1)]
        return dice.choice(kinds)()

    def table(depth: int = 0) -> dict[str, Any]:
        return {text(): value(depth) for _ in range(dice.randrange(4))}

    def ns() -> int:
        return dice.randrange(-10 ** 9, 10 ** 12)

    def several(make: Any) -> tuple[Any, ...]:
        return tuple(make() for _ in range(dice.randrange(5)))

    names = ["guest", "router", "h-1"]
    interfaces = tuple(Interface(name, f"eth{number}", dice.choice(["02:00:00:00:00:01", ""]))
                       for number, name in enumerate(names))
    frames = tuple(Frame(number, ns(), dice.choice(names), dice.choice(["eth0", "eth0.7", "br:0"]), dice.random() < 0.5,
                         dice.randbytes(dice.randrange(200))) for number in range(1, dice.randrange(1, 9)))
    return Recording(
        Play(text(""), text(), table(), text(), {text(): Program(text(), text())}, {text(): text()}, table()),
        dice.randrange(10 ** 18, 2 * 10 ** 18), dice.randrange(10 ** 12), interfaces, frames,
        several(lambda: KernelEvent(ns(), ns(), text(), dice.choice(["link", "route"]), "new", table())),
        several(lambda: Output(ns(), text(), text() + "/../x", text())), several(lambda: Mark(ns(), text(), table())),
        several(lambda: Snapshot(ns(), text(), text(), table())), several(lambda: Stall(ns(), dice.random())),
        several(lambda: Count(text(), text(), *dice.choices(range(99), k=5))),
        {f"{name}/x.conf": text() for name in names[:dice.randrange(3)]}, dice.choice([None, text()]),
        dice.choice([None, text()]), tuple(names[:dice.randrange(3)]),
        dice.choice([None, Refusal(text(), text())]),
        several(lambda: TraceLine(text(), dice.randrange(99), text(), text())), dice.random() < 0.5)


@pytest.mark.parametrize("seed", range(60))
def test_what_is_loaded_is_what_was_saved(seed: int, tmp_path: Path) -> None:
    """For any recording, from a directory and from a zip of it."""
    recording = some_recording(random.Random(seed))
    assert load(save(recording, tmp_path / "saved")) == recording
    archive = shutil.make_archive(str(tmp_path / "zipped"), "zip", tmp_path, "saved")
    assert load(Path(archive)) == recording


def test_a_real_boot_comes_back(boot: Recording, tmp_path: Path) -> None:
    """With hundreds of frames, events and a snapshot."""
    assert boot.frames and boot.events and boot.snapshots
    assert load(save(boot, tmp_path / "saved")) == boot


def test_wireshark_sees_named_interfaces_directions_and_our_numbers(boot: Recording, tmp_path: Path) -> None:
    """tshark agrees on every frame's number, interface, direction, nanosecond and bytes."""
    capture = save(boot, tmp_path / "saved") / storage.PACKETS
    wanted = ["frame.number", "frame.interface_name", "frame.packet_flags_direction", "frame.time_epoch", "frame.len"]
    argv = ["tshark", "-n", "-r", str(capture), "-T", "fields", *(part for name in wanted for part in ("-e", name))]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == len(boot.frames)
    for line, frame in zip(lines, boot.frames, strict=True):
        number, name, direction, stamp, length = line.split("\t")
        seconds, _, fraction = stamp.partition(".")
        assert (int(number), name) == (frame.number, f"{frame.node}:{frame.interface}")
        assert int(direction, 16) == (2 if frame.outgoing else 1)
        assert int(seconds) * 10 ** 9 + int(fraction) == boot.started_ns + frame.ns
        assert int(length) == len(frame.data)


@pytest.mark.parametrize("name", [storage.HEAD, storage.PACKETS, storage.EVENTS, "configurations/router/dnsmasq.conf",
                                  "logs/guest.dhclient.log"])
def test_a_cut_file_is_refused(boot: Recording, tmp_path: Path, name: str) -> None:
    """At every sampled length: one sentence, never a traceback and never another recording."""
    saved = save(boot, tmp_path / "saved")
    whole = (saved / name).read_bytes()
    lengths = {0, 1, len(whole) - 1, len(whole) - 2, *range(0, len(whole), max(1, len(whole) // 60))}
    for length in sorted(lengths - {len(whole), -1}):
        (saved / name).write_bytes(whole[:length])
        try:
            assert load(saved) == boot, (name, length)  # only the last newline of the head may be missed
            assert name == storage.HEAD
        except SavedError as error:
            assert str(saved) in str(error) and "\n" not in str(error)
    (saved / name).unlink()
    with pytest.raises(SavedError, match="missing"):
        load(saved)


def test_an_uncompressed_recording_is_read(boot: Recording, tmp_path: Path) -> None:
    """Somebody has unpacked it, or an older version has saved it."""
    saved = save(boot, tmp_path / "saved")
    head = json.loads((saved / storage.HEAD).read_text())
    for name in (storage.PACKETS, storage.EVENTS):
        data = gzip.decompress((saved / name).read_bytes())
        (saved / name).unlink()
        (saved / name.removesuffix(".gz")).write_bytes(data)
        del head["files"][name]
        head["files"][name.removesuffix(".gz")] = {"size": len(data), "crc32": zlib.crc32(data)}
    (saved / storage.HEAD).write_text(json.dumps(head))
    assert load(saved) == boot
    assert longest_stall(saved) == max((each.late for each in boot.stalls), default=0)


def test_an_altered_byte_is_refused(boot: Recording, tmp_path: Path) -> None:
    """A flipped bit in the packets does not become a verdict."""
    saved = save(boot, tmp_path / "saved")
    data = bytearray((saved / storage.PACKETS).read_bytes())
    data[len(data) // 2] ^= 1
    (saved / storage.PACKETS).write_bytes(data)
    with pytest.raises(SavedError, match=r"packets\.pcapng\.gz do not match"):
        load(saved)


@pytest.mark.parametrize(("schema", "said"), [
    (99, "schema 99, and this version reads schema 2; play it again"),
    (1, "schema 1, which an older version wrote, and this version reads schema 2; play it again"),
])
def test_another_schema_is_refused(tmp_path: Path, schema: int, said: str) -> None:
    """It says which schema it is and which one is read."""
    saved = save(crafted.recording([]), tmp_path / "saved")
    head = json.loads((saved / storage.HEAD).read_text())
    (saved / storage.HEAD).write_text(json.dumps({**head, "schema": schema}))
    with pytest.raises(SavedError, match=said):
        load(saved)


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    """Nothing there, an empty directory, a file that is no zip."""
    (tmp_path / "text.zip").write_text("hello")
    (tmp_path / "empty").mkdir()
    for name, reason in (("nothing", "No such file"), ("empty", "no recording"), ("text.zip", "zip")):
        with pytest.raises(SavedError, match=reason):
            load(tmp_path / name)


def test_a_full_disk_leaves_nothing(boot: Recording, tmp_path: Path) -> None:
    """One sentence, and neither the recording nor a temporary sibling stays."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)], check=True)
    try:
        with pytest.raises(SavedError, match=r"cannot be saved.*the disk is full"):
            save(boot, disk / "saved")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_saving_replaces_a_recording_and_nothing_else(tmp_path: Path) -> None:
    """An older recording goes away; a directory with other contents is left alone."""
    one, other = crafted.recording([]), crafted.recording(crafted.redirects())
    saved = save(one, tmp_path / "saved")
    save(other, saved)
    assert load(saved) == other and [path.name for path in tmp_path.iterdir()] == ["saved"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(SavedError, match="is not a recording"):
        save(one, tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize(("change", "reason"), [
    ({"frames": (Frame(2, 0, "guest", "eth0", False, b""),)}, "numbered"),
    ({"frames": (Frame(1, 0, "a:b", "eth0", False, b""),)}, "no name for a node"),
    ({"configurations": {"../../etc/passwd": ""}}, "relative path"),
    ({"configurations": {"/etc/passwd": ""}}, "relative path"),
    ({"marks": (Mark(0, "x", {"pair": (1, 2)}),)}, "JSON values"),
    ({"marks": (Mark(0, "x", {"set": {1}}),)}, "JSON values"),
    ({"marks": (Mark(0, "x", {"nan": float("nan")}),)}, "JSON values"),
])
def test_what_would_not_come_back_is_not_saved(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    """Refused before anything is written."""
    with pytest.raises(SavedError, match=reason):
        save(replace(crafted.recording([]), **change), tmp_path / "saved")
    assert list(tmp_path.iterdir()) == []


def test_no_field_of_the_recording_is_forgotten() -> None:
    """A new field of the model must be saved, too, and some seed above must fill it."""
    filled = {field.name for seed in range(60) for recording in [some_recording(random.Random(seed))]
              for field in fields(Recording) if getattr(recording, field.name)}
    assert filled == {field.name for field in fields(Recording)}
