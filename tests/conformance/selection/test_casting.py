"""Casting: natural combinations, selections, and the ids of cells."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.catalogue.datafiles import BadData
from conformance.judging.check import Check
from conformance.selection.casting import BadSelection, Selection, alone, casts, label
from conformance.selection.cells import BadCheck, cells, scenario_labels, verify
from conformance.selection.lineup import Lineup, load
from fixtures.stagecraft.base import Scenario
from tests.conformance.synthetic import Unplayed

KNOWN: Any = {
    name: SimpleNamespace(name=name, roles=frozenset(roles.split()), lacks=lacks, missing=tuple)
    for name, roles, lacks in [
        ("dnsmasq", "router dhcpv6-server name-server", {"short-leases": "its manual"}),
        ("radvd", "router", {}),
        ("kea", "dhcpv6-server", {}),
        ("linux", "guest neighbor-proxy", {"dhcpv6": "the kernel has none", "neighbor-rules": "one address each"}),
        ("dhclient", "guest", {}),
        ("ndppd", "neighbor-proxy", {}),
    ]
}
LINEUP = Lineup({"guest": ("linux",), "router": ("dnsmasq", "radvd")}, (
    {"router": "dnsmasq", "dhcpv6-server": "dnsmasq"}, {"router": "radvd", "dhcpv6-server": "dnsmasq"}))
LAN = ["guest", "dhcpv6-server", "router"]


def labels(parts: list[str], **wanted: list[str]) -> list[str]:
    selection = Selection({role.replace("_", "-"): names for role, names in wanted.items()}, KNOWN)
    return [label(cast) for cast in casts(parts, selection)]


@pytest.mark.parametrize(("parts", "expected"), [
    (LAN, ["dnsmasq-dhclient", "dnsmasq-linux", "radvd+kea-dhclient", "radvd+kea-linux"]),
    (["router", "guest"], ["dnsmasq-dhclient", "dnsmasq-linux", "radvd-dhclient", "radvd-linux"]),
    (["guest"], ["dhclient", "linux"]),
    (["router", "dhcpv6-server", "name-server"], ["dnsmasq", "radvd+kea+dnsmasq"]),
    (["neighbor-proxy"], ["linux", "ndppd"]),
])
def test_natural_combinations(parts: list[str], expected: list[str]) -> None:
    assert labels(parts) == expected


def test_a_router_that_can_relay_needs_no_other_relay() -> None:
    relaying = SimpleNamespace(name="openwrt", roles=frozenset({"router", "relay"}), lacks={}, missing=tuple)
    relay = SimpleNamespace(name="dhcrelay", roles=frozenset({"relay"}), lacks={}, missing=tuple)
    known = {"openwrt": relaying, "dhcrelay": relay, "radvd": KNOWN["radvd"], "kea": KNOWN["kea"]}
    found = [label(cast) for cast in casts(["router", "relay", "dhcpv6-server"], Selection({}, known))]
    assert found == ["openwrt+kea-openwrt", "radvd+kea-dhcrelay"]


def test_selection_by_name_glob_and_all() -> None:
    assert labels(LAN, router=["radvd"], guest=["dh*"]) == ["radvd+kea-dhclient"]
    assert labels(LAN, guest=["all"]) == labels(LAN)


def cast_labels(matrix: Any, parts: list[str], **wanted: list[str]) -> list[str]:
    return [label(cast) for cast in casts(parts, Selection(wanted, KNOWN, LINEUP, matrix))]


def test_the_usual_players() -> None:
    assert cast_labels("", LAN) == ["dnsmasq-linux", "radvd+kea-linux"]
    assert cast_labels("", LAN, guest=["all"]) == labels(LAN)


def test_the_matrix_plays_everybody_against_the_listed_networks() -> None:
    assert cast_labels("pairs", LAN) == [
        "dnsmasq-dhclient", "dnsmasq-linux", "radvd+dnsmasq-dhclient", "radvd+dnsmasq-linux"]
    assert cast_labels("pairs", ["guest"]) == ["dhclient", "linux"]
    assert cast_labels("pairs", LAN, guest=["linux"], router=["radvd"]) == ["radvd+dnsmasq-linux"]
    assert cast_labels("full", LAN, guest=["linux"]) == [
        "dnsmasq-linux", "dnsmasq+kea-linux", "radvd+dnsmasq-linux", "radvd+kea-linux"]


@pytest.mark.parametrize(("text", "said"), [
    ("[usual]\nguests = ['linux']", "casts.toml: usual: unknown role `guests`; did you mean guest?"),
    ("[usual]\nguest = 'linux'", "casts.toml: usual: `guest` must be a list of implementations' names"),
    ("[[networks]]\nrouter = 'radvd'", "casts.toml: unknown key `networks`; did you mean network?"),
    ("[[network]]\nrouter = 3", "casts.toml: network 1: `router` must be an implementation's name, not 3"),
])
def test_a_bad_lineup_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "casts.toml").write_text(text)
    with pytest.raises(BadData, match=re.escape(said)):
        load(tmp_path / "casts.toml")


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
    return [cell.id for cell in cells(check, lambda scenario: casts(scenario.roles, Selection({}, KNOWN)))]


def test_scenario_options_are_in_the_id_only_where_they_differ() -> None:
    assert ids(the_check(Unplayed()))[0] == "dnsmasq-dhclient"
    assert ids(the_check(Unplayed("slaac"), Unplayed("dhcpv6 stateful")))[0] == "slaac-dnsmasq-dhclient"
    assert scenario_labels([Unplayed("slaac"), Unplayed("dhcpv6 stateful")]) == ["slaac", "dhcpv6-stateful"]


def test_lacking_looks_at_the_player_of_the_feature() -> None:
    linux = next(cell for cell in cells(the_check(Unplayed(), needs=("dhcpv6", "neighbor-rules")),
                                        lambda scenario: casts(scenario.roles, Selection({}, KNOWN)))
                 if cell.cast["guest"] == "linux")
    assert linux.lacking(KNOWN) == {"dhcpv6 (linux)": "the kernel has none"}


@pytest.mark.parametrize(("check", "said"), [
    (the_check(Unplayed(), requirement="RA-99"), "test_something: unknown requirement 'RA-99'"),
    (the_check(), "test_something: a check needs at least one scenario"),
    (the_check(Unplayed(), role="rooter"), "test_something: role 'rooter' is not played in unplayed"),
    (the_check(Unplayed(), needs=("dhcp6",)), "test_something: unknown feature 'dhcp6'; did you mean dhcpv6?"),
])
def test_bad_declaration_is_one_sentence(check: Check, said: str) -> None:
    with pytest.raises(BadCheck) as caught:
        verify(check)
    assert said in str(caught.value)


MINE: Any = {**KNOWN, **{f"{name}@mine": SimpleNamespace(**{**vars(KNOWN[name]), "name": f"{name}@mine"})
                         for name in ("dnsmasq", "radvd")}}


def test_a_build_stands_where_what_it_is_a_build_of_does() -> None:
    """Where a document names the programs, and in listed networks: there in all roles of one program, or in none."""
    wanted = {"guest": ["linux"], "router": ["radvd", "radvd@mine"], "dhcpv6-server": ["kea"]}
    named = casts(LAN, Selection(wanted, MINE), {"router": ("radvd",)})
    assert [label(cast) for cast in named] == ["radvd+kea-linux", "radvd.mine+kea-linux"]
    every = Selection({"guest": ["linux"]}, MINE, LINEUP, matrix="pairs")
    assert sorted(map(label, casts(LAN, every))) == [
        "dnsmasq-linux", "dnsmasq.mine-linux", "radvd+dnsmasq-linux", "radvd+dnsmasq.mine-linux",
        "radvd.mine+dnsmasq-linux", "radvd.mine+dnsmasq.mine-linux"]


def test_the_usual_player_of_a_scenario_plays_alone_where_nobody_was_asked_for() -> None:
    class Core(Unplayed):
        usual = {"guest": ("linux",)}

    for wanted, expected in (({}, ["linux"]), ({"guest": ["all"]}, ["dhclient", "linux"])):
        for matrix in ("", "pairs"):
            selection = Selection(wanted, KNOWN, LINEUP, matrix=matrix)  # type: ignore[arg-type]
            found = casts(["guest"], selection, alone(Core(), selection))
            assert sorted(map(label, found)) == expected


def test_data_speak_of_a_build_as_of_its_program() -> None:
    (cell,) = cells(the_check(Unplayed()), lambda _: [{"router": "radvd@mine", "guest": "linux"}])
    assert (cell.id, cell.test_of_products) == ("radvd.mine-linux", f"{cell.check.name}[radvd-linux]")
