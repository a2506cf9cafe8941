"""Programs of other versions: who says nothing of himself, or not what he used to say, is ready all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path
from typing import Any, cast

import pytest

from fixtures.implementations.registry import implementation_named, playing
from fixtures.programs.announcements import Announcements
from fixtures.programs.base import Application, GuestClient, Implementation, Post, ProgramError, find_program
from fixtures.programs.readiness import file_is_written, ready
from fixtures.roles import ROLES
from fixtures.situation import Prefix, Proxied, ProxyTask, SipTask, Situation, VrrpTask
from tests.implementations.fakes import instead, script
from tests.implementations.rooms import Rooms
from tests.implementations.test_advertisements import MODES, situation_of
from tests.implementations.test_dhcpv6_servers import RELAYED, STATEFUL
from tests.implementations.test_fabrics import TASKS
from tests.patience import becomes
from topologies.containers import Containers
from topologies.lan import Lan
from topologies.stage import addressing as plan

VRRP = VrrpTask(51, 200, "lan0", IPv6Address("fe80::51"), IPv6Address("2001:db8:1::f0"), "lan0", interval=0.5,
                virtual_mac=True)
PROXY = ProxyTask((Proxied("lan0", IPv6Network("2001:db8:1::/64")),), "auto")
SIP = SipTask((plan.LAN_ROUTER,), 5060)
TASKS_OF: dict[str, Any] = {"fabric": TASKS[0], "neighbor-proxy": PROXY, "virtual-router": VRRP, "sip-endpoint": SIP}
__all__ = ["instead"]  # a fixture

#: Whoever declares a role is started in it, but for machines, the kernel, and applications: of those nothing runs yet.
CASES = [(role, who.name) for role in ROLES for who in playing(role)
         if not who.opaque and who.name != "linux" and not isinstance(who, Application)]


# -- real programs that say nothing -----------------------------------------------------------------------------------


def situation(who: Implementation, role: str) -> Situation:
    if role == "router":
        roles = who.roles & {"router", "dhcpv6-server"}
        return next(each for each in map(situation_of, MODES) if who.declines(each, roles) is None)
    return RELAYED if role == "relay" else STATEFUL


def begun(role: str, name: str, directory: Path) -> bool:
    """Start a program at its node; whether it still runs when it is said to be ready."""
    who = implementation_named(name, role)
    node = {"guest": "guest", "fabric": "host1"}.get(role, "router")
    roles = who.roles & {"router", "dhcpv6-server"} if role == "router" else {role}
    with Rooms(Containers() if role == "fabric" else Lan(), situation(who, role), directory) as rooms:
        post = rooms.post(node, who, *roles, task=TASKS_OF.get(role))
        if role == "guest":
            assert isinstance(who, GuestClient)
            who.prepare(post)
            rooms.up(node)
        else:
            own = f"{plan.LAN_ROUTER}/64" if node == "router" else "/"
            assert becomes(lambda: any(own in each for each in rooms.addresses(node)), 8)
        who.start(post)
        return all(program.returncode is None for program in post.programs)


@pytest.fixture(scope="module")
def begins(instead: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[
        Mapping[tuple[str, str], Future[bool]]]:
    here = [(role, name) for role, name in CASES if not implementation_named(name).missing()]
    place = tmp_path_factory.mktemp("mute")
    for program in sorted({program for _, name in here for program in implementation_named(name).programs}):
        instead[program] = script(place / program, f'#!/bin/sh\nexec {find_program(program)} "$@" >/dev/null 2>&1\n')
    with ThreadPoolExecutor(4) as pool:
        found = {case: pool.submit(begun, *case, tmp_path_factory.mktemp("-".join(case))) for case in here}
    instead.clear()
    yield found


@pytest.mark.parametrize(("role", "name"), CASES)
def test_a_program_that_says_nothing_is_ready(begins: Mapping[tuple[str, str], Future[bool]], role: str,
                                              name: str) -> None:
    if (role, name) not in begins:
        pytest.skip(f"{name} is not installed")
    assert begins[role, name].result()


# -- signs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lan(tmp_path: Path) -> Iterator[Rooms]:
    with Rooms(Lan(guests=1), replace(STATEFUL, prefix=Prefix(plan.LAN, autonomous=True)), tmp_path / "lan") as rooms:
        assert becomes(lambda: rooms.addresses("router"), 8)
        yield rooms


def test_a_router_that_is_silent_on_the_wire_is_not_ready(lan: Rooms) -> None:
    post = lan.post("router", implementation_named("radvd"))
    with Announcements(post, ("lan0",)) as heard, pytest.raises(ProgramError) as error:
        heard.begin(post.run(["sleep", "100"], name="radvd"), within=0.1)
    assert str(error.value) == ("radvd was not ready within 0.1 s: it sent no Router Advertisement at lan0; "
                                "it wrote nothing")
    with Announcements(post, ("lan0",)) as heard, pytest.raises(ProgramError, match="ended with exit status 0 before"):
        heard.begin(post.run(["true"], name="radvd"))


def test_a_program_that_is_never_ready_says_what_was_waited_for(lan: Rooms) -> None:
    post = lan.post("router", implementation_named("radvd"))
    with pytest.raises(ProgramError) as error:
        ready(post.run(["sleep", "100"], name="some"), lambda: False, what="it opened no socket", within=0.1)
    assert str(error.value) == "some was not ready within 0.1 s: it opened no socket; it wrote nothing"
    with pytest.raises(ProgramError, match="some ended with exit status 3 before it was ready; its output ends: no"):
        ready(post.run(["sh", "-c", "echo no; exit 3"], name="some"), lambda: False, what="")


def test_a_file_is_written_when_it_is_another_one(tmp_path: Path) -> None:
    class Here:
        def inside(self, job: Callable[[], Any]) -> Any:
            return job()

    post, file = cast(Post, Here()), tmp_path / "state"
    sign = file_is_written(post, file, "^STATE=up$")
    assert not sign()
    file.write_text("STATE=up")
    assert sign()
    sign = file_is_written(post, file, "^STATE=up$")
    assert not sign(), "it is there from before"
    for text in ("STATE=down", "STATE=up"):
        (tmp_path / "new").write_text(text)
        (tmp_path / "new").rename(file)
        assert sign() == (text == "STATE=up")
