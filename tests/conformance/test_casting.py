"""Casting: natural combinations, selections, and the ids of cells."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from conformance.casting import BadSelection, Selection, casts, label
from conformance.cells import BadCheck, cells, scenario_labels, verify
from conformance.judging.check import Check
from fixtures.scenarios.base import Scenario
from tests.conformance.synthetic import Unplayed

KNOWN: Any = {
    name: SimpleNamespace(name=name, roles=frozenset(roles.split()), lacks=lacks)
    for name, roles, lacks in [
        ("dnsmasq", "router dhcpv6-server name-server", {"short-leases": "its manual"}),
        ("radvd", "router", {}),
        ("kea", "dhcpv6-server", {}),
        ("linux", "guest neighbour-proxy", {"dhcpv6": "the kernel has none", "neighbour-rules": "one address each"}),
        ("dhclient", "guest", {}),
        ("ndppd", "neighbour-proxy", {}),
    ]
}
LAN = ["guest", "dhcpv6-server", "router"]


def labels(parts: list[str], **wanted: list[str]) -> list[str]:
    selection = Selection({role.replace("_", "-"): names for role, names in wanted.items()}, KNOWN)
    return [label(cast) for cast in casts(parts, selection)]


@pytest.mark.parametrize(("parts", "expected"), [
    (LAN, ["dnsmasq-dhclient", "dnsmasq-linux", "radvd+kea-dhclient", "radvd+kea-linux"]),
    (["router", "guest"], ["dnsmasq-dhclient", "dnsmasq-linux", "radvd-dhclient", "radvd-linux"]),
    (["guest"], ["dhclient", "linux"]),
    (["router", "dhcpv6-server", "name-server"], ["dnsmasq", "radvd+kea+dnsmasq"]),
    (["neighbour-proxy"], ["linux", "ndppd"]),
])
def test_natural_combinations(parts: list[str], expected: list[str]) -> None:
    assert labels(parts) == expected


def test_selection_by_name_glob_and_all() -> None:
    assert labels(LAN, router=["radvd"], guest=["dh*"]) == ["radvd+kea-dhclient"]
    assert labels(LAN, guest=["all"]) == labels(LAN)


def test_unnatural_combination_on_request() -> None:
    assert labels(LAN, router=["dnsmasq"], dhcpv6_server=["kea"], guest=["dhclient"]) == ["dnsmasq+kea-dhclient"]


@pytest.mark.parametrize(("wanted", "said"), [
    ({"guest": ["dhcplient"]}, "--guest dhcplient: unknown guest 'dhcplient'; did you mean dhclient?"),
    ({"guest": ["radvd"]}, "--guest radvd: radvd plays router, not guest (known: dhclient, linux)"),
    ({"guest": ["z*"]}, "--guest z*: unknown guest 'z*' (known: dhclient, linux)"),
])
def test_bad_selection_is_one_sentence(wanted: dict[str, list[str]], said: str) -> None:
    with pytest.raises(BadSelection) as caught:
        list(casts(LAN, Selection(wanted, KNOWN)))
    assert said in str(caught.value)


def test_role_without_a_player() -> None:
    with pytest.raises(BadSelection, match="no implementation plays fabric"):
        list(casts(["fabric"], Selection({}, KNOWN)))


def the_check(*scenarios: Scenario, requirement: str = "RA-05", role: str = "router",
              needs: tuple[str, ...] = ()) -> Check:
    def test_something(recording: object, notebook: object) -> None: ...

    return Check(requirement, scenarios, test_something, role, needs)


def ids(check: Check) -> list[str]:
    return [cell.id for cell in cells(check, lambda scenario: casts(scenario.parts, Selection({}, KNOWN)))]


def test_scenario_options_are_in_the_id_only_where_they_differ() -> None:
    assert ids(the_check(Unplayed()))[0] == "dnsmasq-dhclient"
    assert ids(the_check(Unplayed("slaac"), Unplayed("dhcpv6 stateful")))[0] == "slaac-dnsmasq-dhclient"
    assert scenario_labels([Unplayed("slaac"), Unplayed("dhcpv6 stateful")]) == ["slaac", "dhcpv6-stateful"]


def test_lacking_looks_at_the_player_of_the_feature() -> None:
    linux = next(cell for cell in cells(the_check(Unplayed(), needs=("dhcpv6", "neighbour-rules")),
                                        lambda scenario: casts(scenario.parts, Selection({}, KNOWN)))
                 if cell.cast["guest"] == "linux")
    assert linux.lacking(KNOWN) == {"dhcpv6 (linux)": "the kernel has none"}


@pytest.mark.parametrize(("check", "said"), [
    (the_check(Unplayed(), requirement="RA-99"), "test_something: unknown requirement 'RA-99'"),
    (the_check(), "test_something: a check needs at least one scenario"),
    (the_check(Unplayed(), role="rooter"), "test_something: role 'rooter' has no part in unplayed"),
    (the_check(Unplayed(), needs=("dhcp6",)), "test_something: unknown feature 'dhcp6'; did you mean dhcpv6?"),
])
def test_bad_declaration_is_one_sentence(check: Check, said: str) -> None:
    with pytest.raises(BadCheck) as caught:
        verify(check)
    assert said in str(caught.value)
