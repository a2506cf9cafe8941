"""Brought programs: what they are told, what they owe, and what becomes of those that do not keep to it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fixtures.brought import manifest as manifests
from fixtures.brought.manifest import load
from fixtures.brought.program import Brought, implementation
from fixtures.playing.output import LINES
from fixtures.playing.player import play_all
from fixtures.playing.request import PlayRequest
from fixtures.playing.warden import Warden
from fixtures.programs.base import ProgramError
from fixtures.recording.feed import MOST
from fixtures.recording.model import Recording
from fixtures.recording.storage import load as loaded
from tests.playing.tiny import play_once, tiny

SCHEMA = json.loads((Path(manifests.__file__).with_name("schema") / "situation-1.schema.json").read_text())
Happening = Callable[[Any], object]


@pytest.fixture
def bring(tmp_path: Path) -> Callable[..., Brought]:
    """Make an implementation of a shell script."""
    def bring_script(script: str, more: str = "", role: str = "guest", name: str = "mine") -> Brought:
        (tmp_path / f"{name}.sh").write_text(script)
        text = f'schema = 1\nname = "{name}"\nrole = "{role}"\nversion = "1"\ncommand = ["sh", "./{name}.sh"]\n{more}\n'
        file = tmp_path / f"{name}.toml"
        file.write_text(text.replace("./", f"{tmp_path}/"))
        return implementation(load(file))

    return bring_script


def start(live: Any) -> None:
    live.start("guest")


def of(who: Brought, into: Path, happens: Happening = start) -> Recording:
    return play_once(happens, into / "recordings", who)


def lines(recording: Recording) -> list[str]:
    return [output.text for output in recording.outputs]


def test_what_it_is_told(bring: Callable[..., Brought], tmp_path: Path) -> None:
    who = bring('echo "$SEXTANT_ROLE, $SEXTANT_INTERFACE, $PWD"; test -w . && echo writable; '
                'cat "$SEXTANT_SITUATION"; echo ready; sleep 1000', 'ready = { output = "ready" }')
    recording = of(who, tmp_path)
    told = json.loads(recording.configurations["guest/situation.json"])
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(told, SCHEMA, jsonschema.Draft202012Validator)
    assert recording.error is None
    assert lines(recording)[0].startswith("guest, eth0 eth1, /") and lines(recording)[1] == "writable"
    assert json.loads("\n".join(lines(recording)[2:-1])) == told
    assert (told["name"], told["mtu"], told["settings"]["duid"]) == ("dhcpv6-stateful", 1500, "ll")


@pytest.mark.parametrize(("script", "ready", "error"), [
    ("echo oops; exit 3", '{ output = "ready" }',
     "mine ended with exit status 3 before it was ready; its output ends: oops"),
    ("echo oops; exit 3", "{ udp = 547 }", "mine ended before it was ready; its output ends: oops"),
    ("echo working; sleep 1000", '{ output = "ready", within = 0.3 }',
     "mine was not ready within 0.3 s; its output ends: working"),
    ("echo working; sleep 1000", "{ udp = 547, within = 0.3 }",
     "nothing listens on udp6 port 547 of guest after 0.3 s; its output ends: working"),
    ("sleep 1000", "{ link-local = true, within = 0.3 }",
     "eth0 of guest had no usable link-local address within 0.3 s"),
])
def test_never_ready(bring: Callable[..., Brought], tmp_path: Path, script: str, ready: str, error: str) -> None:
    said = of(bring(script, f"ready = {ready}"), tmp_path).error or ""
    # On a host that stalled meanwhile the sentence says for how long; what it says besides is the same.
    assert re.sub(r", not counting the [0-9.]+ s for which the host stalled", "", said) == error


def until_it_ends(live: Any) -> None:
    """The program has started, and ends."""
    live.start("guest")
    live._posts["guest", "mine"].programs[0].wait(10)


@pytest.mark.parametrize("status", [0, 3])
def test_ends_by_itself(bring: Callable[..., Brought], tmp_path: Path, status: int) -> None:
    recording = of(bring(f"echo done; exit {status}"), tmp_path, until_it_ends)
    assert recording.error == (f"mine ended by itself with exit status {status}, and it is to run until SIGTERM;"
                               " its output ends: done")


@pytest.mark.parametrize("how", [
    lambda live: live.stop("guest"), lambda live: live.kill("guest"),
    lambda live: live.client("guest").restart(), lambda live: live.client("guest").release(),
])
def test_ends_when_it_is_told(bring: Callable[..., Brought], tmp_path: Path, how: Happening) -> None:
    def happens(live: Any) -> None:
        live.start("guest")
        how(live)

    recording = of(bring('trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done',
                         'ready = { output = "ready" }'), tmp_path, happens)
    assert recording.error is None


REFUSES = ('case $(cat "$SEXTANT_SITUATION") in *\'"name": "random-\'*) {unknown};; esac; echo "not this"; exit 127')


@pytest.mark.parametrize("ready", ['{ output = "ready" }', "{ udp = 547 }", "{}"])
def test_what_it_does_not_play(bring: Callable[..., Brought], tmp_path: Path, ready: str) -> None:
    who = bring(REFUSES.format(unknown="exit 127"), f"ready = {ready}")
    recording = of(who, tmp_path, until_it_ends)
    assert recording.error is None
    assert str(recording.declined) == ("mine does not play this: it answered 'dhcpv6-stateful' with exit status 127;"
                                       " its output ends: not this")


@pytest.mark.parametrize(("unknown", "did"), [("exit 0", "ended with exit status 0"), ("exit 1", "ended with exit st"),
                                              ("exec sleep 1000", "ran on for 0.3 s")])
def test_who_plays_what_nobody_knows_is_not_believed(
    bring: Callable[..., Brought], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unknown: str, did: str
) -> None:
    monkeypatch.setattr("fixtures.brought.program.REFUSAL", 0.3 if "sleep" in unknown else 10.0)
    recording = of(bring(REFUSES.format(unknown=unknown)), tmp_path, until_it_ends)
    assert recording.declined is None and recording.error is not None
    assert recording.error.startswith("mine is not believed: it answered 'dhcpv6-stateful' with exit status 127, that "
                                      "is, it does not play this; but told 'random-")
    assert f"which nobody can know, it {did}" in recording.error


def beside(flooder: Brought, other: Brought, into: Path, happens: Happening) -> tuple[Recording, Recording]:
    """Two plays at the same time."""
    requests = [PlayRequest(tiny(happens, "flood"), {"guest": flooder}), PlayRequest(tiny(happens), {"guest": other})]
    saved = play_all(requests, into / "recordings")
    one, two = (loaded(saved[request.id]) for request in requests)
    return one, two


QUIET = "echo ready; sleep 1000"


def test_who_floods_his_output(bring: Callable[..., Brought], tmp_path: Path) -> None:
    def happens(live: Any) -> None:
        live.start("guest")
        live.listen(0.5)

    flooded, other = beside(bring("exec yes", name="loud"), bring(QUIET, name="quiet"), tmp_path, happens)
    assert flooded.error is not None
    assert flooded.error.startswith("loud floods: it wrote more than a recording keeps; its output ends: y | y | ")
    assert len(flooded.outputs) == LINES + 1
    assert (other.error, lines(other)) == (None, ["ready"])


def test_who_floods_the_network(bring: Callable[..., Brought], tmp_path: Path) -> None:
    (tmp_path / "flood.py").write_text("""
import socket
link = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
while True:
    try:
        link.sendto(bytes(1000), ("ff02::1%eth0", 9))
    except OSError:
        pass
""")

    def happens(live: Any) -> None:
        live.at("guest").up()
        live.start("guest")
        live.listen(1.0 if live._implementations["guest"].name == "quiet" else 60.0)

    loud = bring(f"exec {sys.executable} {tmp_path}/flood.py", name="loud")
    flooded, other = beside(loud, bring(QUIET, name="quiet"), tmp_path, happens)
    assert flooded.error is not None and "somebody floods: " in flooded.error
    assert flooded.error.endswith("frames were sent by guest") and flooded.duration < 30
    assert len(flooded.frames) < 2 * MOST
    assert (other.error, lines(other)) == (None, ["ready"])


def test_a_control_character_does_not_reach_the_terminal(bring: Callable[..., Brought], tmp_path: Path) -> None:
    error = of(bring("printf '\\033[2Jx%0300d' 1; exit 1", 'ready = { output = "never" }'), tmp_path).error
    assert error is not None and "\033" not in error and "[2Jx0" in error and len(error) < 300


def test_its_version(tmp_path: Path) -> None:
    def version(said: str, *more: str) -> str:
        file = tmp_path / "mine.toml"
        file.write_text("\n".join(['schema = 1\nname = "mine"\nrole = "router"\ncommand = ["true"]',
                                   f"version = {said}", *more]))
        return implementation(load(file)).version()

    assert version('" 1.2 "') == "1.2"
    assert version('["echo", "mine 3.4 (test)"]') == "mine 3.4 (test)"
    assert version('["echo", "mine 3.4 (test)"]', r'version-pattern = "mine (\\S+)"') == "3.4"
    with pytest.raises(ProgramError, match=r"^mine does not say its version: \S+/false ended with exit status 1"):
        version('["false"]')
    with pytest.raises(ProgramError, match=r"looked for 'v\(\.\*\)'"):
        version('["echo", "mine"]', 'version-pattern = "v(.*)"')


def test_an_application_is_told_the_page(bring: Callable[..., Brought], tmp_path: Path) -> None:
    def happens(live: Any) -> None:
        live.start("guest")
        program = implementation_.connect(live._hand("guest"), "fe80::1%eth0", 80, 5.0)
        assert program.wait(10) == 0

    implementation_: Any = bring('echo "$SEXTANT_URL $SEXTANT_HOST $SEXTANT_PORT $SEXTANT_WITHIN"', role="application")
    recording = play_once(happens, tmp_path / "recordings")
    assert lines(recording) == ["http://[fe80::1%25eth0]:80/ fe80::1%eth0 80 5"]


@pytest.mark.parametrize("script", [
    "import os, signal; os.kill(-1, signal.SIGKILL)", "import os, signal; os.kill(0, signal.SIGKILL)",
])
def test_who_kills_everybody_ends_his_own_play_only(bring: Callable[..., Brought], tmp_path: Path, script: str) -> None:
    recording = of(bring(f"python3 -c '{script}'; sleep 1000"), tmp_path, until_it_ends)
    assert recording.error is not None and recording.error.startswith("mine ended by itself")


def test_too_many_processes(bring: Callable[..., Brought], tmp_path: Path) -> None:
    recording = of(bring("i=0; while [ $i -lt 400 ]; do sleep 1000 & i=$((i+1)); done; sleep 1000"), tmp_path,
                   until_it_ends)
    assert re.fullmatch(r"mine took too much of the machine and was ended: it had \d+ processes; the limit is 256",
                        recording.error or "")


def test_too_much_memory(bring: Callable[..., Brought], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixtures.playing.post._WARDEN", Warden(memory=50 << 20))
    hog = "import time; hog = bytearray(100 << 20); time.sleep(1000)"
    recording = of(bring(f"exec python3 -c '{hog}'"), tmp_path, until_it_ends)
    assert re.fullmatch(r"mine took too much .*: its processes used \d+ MiB of memory; the limit is 50 MiB",
                        recording.error or "")


@pytest.mark.parametrize(("script", "error"), [
    ("ip link del eth0", "the interface eth0 of guest is gone while mine ran there"),
    ("ip link set eth0 down; ip link set eth0 name lan7",
     "the interface eth0 of guest was renamed to lan7 while mine ran there"),
])
def test_what_it_does_to_its_links(bring: Callable[..., Brought], tmp_path: Path, script: str, error: str) -> None:
    assert of(bring(f"{script}; echo done; sleep 1000", 'ready = { output = "done" }'), tmp_path).error == error


def test_a_signal_that_is_not_obeyed(bring: Callable[..., Brought], tmp_path: Path) -> None:
    def stop(live: Any) -> None:
        live.start("guest")
        live.stop("guest")

    recording = of(bring("trap '' TERM; echo deaf; while :; do sleep 0.1; done", 'ready = { output = "deaf" }'),
                   tmp_path, stop)
    assert recording.error is not None and recording.error.startswith("mine did not end within 10 s")


def test_a_full_disk_is_the_programs_own(bring: Callable[..., Brought], tmp_path: Path) -> None:
    fill = "i=0; while dd if=/dev/zero of=/tmp/$i bs=1M count=60 2>/dev/null; do i=$((i+1)); done"
    recording = of(bring(f"{fill}; echo full; sleep 1000", 'ready = { output = "full" }'), tmp_path)
    assert recording.error is None
