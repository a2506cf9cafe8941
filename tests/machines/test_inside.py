"""A look inside through a console: echoes and prompts are passed over, and what is no answer is a sentence."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fixtures.machines import inside

LINKS = [{"ifindex": 2, "ifname": "eth0", "flags": ["UP"], "address": "02:00:00:00:00:01"}]
ADDRESSES = [{**LINKS[0], "addr_info": [
    {"family": "inet6", "local": "2001:db8:1::5", "prefixlen": 128, "scope": "global", "dynamic": True},
    {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link", "tentative": True}]}]
ROUTES = [{"dst": "default", "gateway": "fe80::2", "dev": "eth0", "flags": []}]
ANSWERS = {"link show": LINKS, "address show": ADDRESSES, "-6 route show table all": ROUTES, "-6 neighbor show": []}


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Callable[[Callable[[str], str]], Path]]:
    """A terminal that echoes, prompts, and answers each `ip -j` command with what the function makes of it."""
    place = tmp_path / ("deep" * 30) / "console.sock"
    place.parent.mkdir()
    listener = socket.socket(socket.AF_UNIX)
    here = tmp_path / "console.sock"
    listener.bind(str(here))
    here.rename(place)
    listener.listen()

    def serve(answer: Callable[[str], str]) -> None:
        connection, _ = listener.accept()
        with suppress(BrokenPipeError), connection, connection.makefile() as typed, connection.makefile("w") as screen:
            for line in typed:
                screen.write(line)
                if line.startswith("ip -j "):
                    command, _, rest = line.partition("; echo ")
                    screen.write(answer(command.removeprefix("ip -j ")) + "\r\n" + rest.replace("''", "") + "# ")
                screen.flush()

    def begin(answer: Callable[[str], str]) -> Path:
        threading.Thread(target=serve, args=(answer,), daemon=True).start()
        return place

    yield begin
    listener.close()


def test_tables_in_the_words_of_snapshots(console: Callable[[Callable[[str], str]], Path]) -> None:
    tables = inside.look(console(lambda what: json.dumps(ANSWERS[what])))
    assert tables["link"] == LINKS
    assert [(row["local"], row["ifname"], row["flags"]) for row in tables["address"]] == [
        ("2001:db8:1::5", "eth0", ["dynamic"]), ("fe80::1", "eth0", ["tentative"])]
    assert tables["route"] == [{"type": "unicast", "table": "main", **ROUTES[0]}]
    assert tables["neighbor"] == []


def test_a_shell_without_iproute2(console: Callable[[Callable[[str], str]], Path]) -> None:
    with pytest.raises(inside.NoAnswer, match=r"`ip -j link show` did not write JSON, but .*invalid option"):
        inside.look(console(lambda what: "ip: invalid option -- 'j'"))


def test_silence(console: Callable[[Callable[[str], str]], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "WITHIN", 0.2)
    with pytest.raises(inside.NoAnswer, match=r"got no answer within 0\.2 s"):
        inside.look(console(lambda what: str(threading.Event().wait(5))))


def test_no_console(tmp_path: Path) -> None:
    with pytest.raises(inside.NoAnswer, match="it cannot be reached"):
        inside.look(tmp_path / "console.sock")
