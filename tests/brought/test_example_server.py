"""The DHCPv6 server of `examples/`: judged well as it stands, and found out by one requirement for each fault.

What dies of a message fails the requirement that sent it, brought along or not.
"""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from fixtures.scenarios.dhcpv6.malformed import malformed_messages
from tests.brought.faulty import Cells, Fault, assert_found, played, red_cells
from tests.conformance.test_bad_input import PROJECT

SERVER = PROJECT / "examples" / "server" / "python-server.toml"
#: What is asked of it here: all that a server alone is judged by.
ASKED = ("DHCP6-03", "DHCP6-15", "DHCP6-17", "DHCP6-19", "DHCP6-20", "DHCP6-21", "DHCP6-34", "DHCP6-42")

FAULTS = {
    "offers-to-a-chosen-server": Fault(
        "else server is None\n", "else server is None or message.kind == SOLICIT\n", "DHCP6-20.solicit-with-server-id"),
    "informs-with-an-association": Fault(
        "and not any(code in (IA_NA, 4, IA_PD) for code, _ in message.said)", "",
        "DHCP6-20.information-request-with-ia-na"),
    "confirms-what-fits-in-part": Fault("status(0 if all(each", "status(0 if any(each", "DHCP6-17.mixed"),
    "renews-nothing-without-a-word": Fault(
        "return none + status(NO_BINDING)\n        if kind == REBIND", "return none\n        if kind == REBIND",
        "DHCP6-19.unknown"),
    "forgets-where-it-came-from": Fault(
        'where = option(INTERFACE_ID, said[INTERFACE_ID]) if INTERFACE_ID in said else b""', 'where = b""', "DHCP6-34"),
    "offers-what-was-declined": Fault("self.declined.add(bound)", "pass", "DHCP6-15"),
    "prefers-longer-than-valid": Fault(
        'lease["preferred_lifetime"], lease["valid_lifetime"]', 'lease["valid_lifetime"], lease["preferred_lifetime"]',
        "DHCP6-03.lifetimes"),
    "confirms-by-unicast": Fault("(SOLICIT, CONFIRM, REBIND, INFORMATION)", "(SOLICIT, REBIND, INFORMATION)",
                                 "DHCP6-21"),
    "runs-out-silently": Fault("return none + status(NO_ADDRS)", "return None", "DHCP6-03"),
    "dies-of-an-empty-association": Fault(
        "                if len(body) < 12:\n",
        "                if not body:\n                    os._exit(3)\n                if len(body) < 12:\n",
        "DHCP6-42.empty-ia-na"),
}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    """The verdicts on the server and on each faulty copy of it."""
    return played(SERVER, "server.py", "dhcpv6-server", FAULTS, ASKED, ("--guest", "dhclient", "--router", "radvd"),
                  tmp_path_factory.mktemp("servers"))


def test_it_gets_no_finding_as_it_stands(cells: Cells) -> None:
    mine = cells["python-server"]
    assert not red_cells(mine)
    assert sum(cell["verdict"] == "pass" for cell in mine) > 60


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_by_one_requirement(cells: Cells, fault: str) -> None:
    assert_found(cells, "python-server", fault, FAULTS[fault])


def test_who_dies_of_it_is_told_how(cells: Cells) -> None:
    found = red_cells(cells["dies-of-an-empty-association"])
    assert "it ended by itself (exit status 3)" in found["DHCP6-42.empty-ia-na"]


@pytest.fixture(scope="module")
def server() -> ModuleType:
    """The example as a module."""
    spec = importlib.util.spec_from_file_location("example_server", SERVER.parent / "server.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_malformed_message_breaks_it(server: ModuleType) -> None:
    told = {"dhcpv6": {"pool": ["2001:db8:1::1000", "2001:db8:1::1fff"], "reservations": [], "relayed_links": [],
                       "t1": 300, "t2": 480, "preferred_lifetime": 600, "valid_lifetime": 900},
            "prefixes": [{"prefix": "2001:db8:1::/64"}], "dns": {"servers": [], "domain": ""}}
    made = server.Server(told, bytes(6))
    discarded = 0
    for seed in range(20):
        for each in malformed_messages(made.duid, seed):
            try:
                made.answer(each.data, False, made.link)
            except server.Malformed:
                discarded += 1
    assert discarded > 100
