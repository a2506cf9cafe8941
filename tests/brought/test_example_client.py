"""The DHCPv6 client of `examples/`: judged well as it stands, and found out by one requirement for each fault."""

from __future__ import annotations

import pytest

from tests.brought.faulty import Cells, Fault, assert_found, played, red_cells
from tests.conformance.test_bad_input import PROJECT

CLIENT = PROJECT / "examples" / "client" / "python-client.toml"
#: What is asked of it here: its messages, and what it does with a lease.
ASKED = ("DHCP6-01", "DHCP6-02", "DHCP6-04", "DHCP6-10", "DHCP6-11", "DHCP6-13", "DHCP6-14", "DHCP6-28")

FAULTS = {
    "asks-for-no-sol-max-rt": Fault("(DNS, DOMAINS, SOL_MAX_RT) if kind", "(DNS, DOMAINS) if kind", "DHCP6-01"),
    "keeps-what-it-releases": Fault(
        "        for each in self.lease.addresses:\n            run(\"-6\", \"address\", \"del\"",
        "        for each in ():\n            run(\"-6\", \"address\", \"del\"", "DHCP6-13"),
    "never-declines": Fault("            if refused:\n", "            if refused and False:\n", "DHCP6-14"),
    "rebinds-with-its-server": Fault(
        "if kind in (REQUEST, RENEW, RELEASE, DECLINE):", "if kind in (REQUEST, RENEW, REBIND, RELEASE, DECLINE):",
        "DHCP6-11"),
}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    """The verdicts on the client and on each faulty copy of it."""
    return played(CLIENT, "client.py", "guest", FAULTS, ASKED, ("--dhcpv6-server", "kea", "--router", "radvd"),
                  tmp_path_factory.mktemp("clients"))


def test_it_gets_no_finding_as_it_stands(cells: Cells) -> None:
    mine = cells["python-client"]
    assert not red_cells(mine)
    assert sum(cell["verdict"] == "pass" for cell in mine) > 20


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_by_one_requirement(cells: Cells, fault: str) -> None:
    assert_found(cells, "python-client", fault, FAULTS[fault])
