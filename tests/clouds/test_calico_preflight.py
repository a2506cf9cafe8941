"""Calico's pre-flight check, without a network: whom it names for what the hosts say."""

from __future__ import annotations

from typing import cast

import pytest

from fixtures.clouds.calico.preflight import ROUTELESS, UNREACHABLE, Preflight
from fixtures.stagecraft.base import Live
from topologies.three_hosts import HOSTS, HOSTS4


class Answer:
    """A question that has been answered: 0 is yes."""

    def __init__(self, yes: bool) -> None:
        self._yes = yes

    def wait(self, within: float) -> int:
        assert within > 0
        return 0 if self._yes else 1


class Hosts:
    """Hosts of which one has no default route of IPv6, and one hears nothing of IPv6; IPv4 is well."""

    def __init__(self, routeless: str = "", deaf: str = "") -> None:
        self._routeless, self._deaf = routeless, deaf

    def at(self, node: str) -> Host:
        return Host(self, node)

    def answer(self, node: str, argv: list[str]) -> Answer:
        if argv[0] == "sh":
            return Answer(node != self._routeless or argv[-1] == "-4")
        asked = next((host for host, address in HOSTS.items() if str(address) == argv[-1]), "")
        return Answer(not asked or self._deaf not in (node, asked))


class Host:
    """One of them, as a play handles it."""

    def __init__(self, hosts: Hosts, node: str) -> None:
        self._hosts, self._node = hosts, node

    def begin(self, argv: list[str], *, name: str) -> Answer:
        assert name == "preflight"
        return self._hosts.answer(self._node, argv)


def report(forgets: str = "", **hosts: str) -> dict[str, list[str]]:
    everybody = {host: (HOSTS[host], HOSTS4[host]) for host in HOSTS}
    return Preflight(forgets).report(cast(Live, Hosts(**hosts)), everybody)


def test_healthy_hosts_are_not_named() -> None:
    assert report() == {}


def test_each_host_is_named_with_its_cause() -> None:
    assert report(routeless="host2") == {"host2": [ROUTELESS]}
    assert report(deaf="host3") == {"host3": [UNREACHABLE]}
    assert report(routeless="host3", deaf="host3") == {"host3": [ROUTELESS, UNREACHABLE]}
    assert report(routeless="host1", deaf="host2") == {"host1": [ROUTELESS], "host2": [UNREACHABLE]}


@pytest.mark.parametrize(("forgets", "named"), [("complaints", []), ("version", []), ("others", [*HOSTS])])
def test_a_wrong_check_names_others(forgets: str, named: list[str]) -> None:
    assert list(report(forgets, deaf="host3")) == named
