"""Profiles: which checks belong to one."""

from __future__ import annotations

from conformance.selection.declared import declared_checks
from conformance.selection.profiles import PROFILES


def test_the_host_core_is_what_refers_to_the_host_test() -> None:
    mine = {check.id for check in declared_checks() if PROFILES["host-core"].has(check)}
    assert {"NDP-04.na-none-unicast-s0-o0-given", "MTU-06.reverse", "RA-11.code"} <= mine
    assert not {"RA-05", "DHCP6-01", "NDP-02.router-flag"} & mine


def test_nothing_of_a_cloud_or_of_another_role_belongs_to_it() -> None:
    for check in declared_checks():
        if PROFILES["host-core"].has(check):
            assert (check.role, check.cloud) == ("guest", None)


def test_the_router_core_has_what_advertises_and_what_forwards() -> None:
    mine = {(check.role, check.id) for check in declared_checks() if PROFILES["router-core"].has(check)}
    assert {("router", "RA-01"), ("router", "RA-03.initial"), ("compute-host", "ROUTE-17.to-global"),
            ("compute-host", "NDP-19.rs-stale-multicast-other")} <= mine
    assert not {role for role, _ in mine} - {"router", "compute-host"}
