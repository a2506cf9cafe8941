"""The start-up table."""

from __future__ import annotations

from dataclasses import dataclass

from fixtures.sandbox.features import FEATURES, Feature
from fixtures.sandbox.probe import Missing, essential_sentence, format_table, probe


@dataclass
class _Program:
    name: str
    roles: frozenset[str]
    packages: tuple[str, ...]
    lacking: tuple[str, ...]

    def missing(self) -> tuple[str, ...]:
        return self.lacking


def test_what_the_tests_themselves_need_is_there() -> None:
    assert essential_sentence(probe()) is None


def test_attempts_leave_nothing() -> None:
    def links() -> str:
        with open("/proc/net/dev") as file:
            return file.read()

    before = links()
    probe()
    assert links() == before


def test_missing_programs_name_role_and_package() -> None:
    here = _Program("dnsmasq", frozenset({"router", "dhcpv6-server"}), ("dnsmasq-base",), ())
    away = _Program("radvd+kea", frozenset({"router"}), ("radvd", "kea-dhcp6-server"), ("radvd", "kea-dhcp6"))
    assert probe([here, away], features=()) == [
        Missing("programs", "kea-dhcp6, radvd", "router radvd+kea: not run", "apt install radvd kea-dhcp6-server")
    ]


def test_missing_features_say_what_they_cost() -> None:
    features = (
        Feature("netem", "slow links", "a kernel with CONFIG_NET_SCH_NETEM", lambda: False),
        Feature("veth links", "everything", "a kernel with CONFIG_VETH", lambda: False, essential=True),
        Feature("bridges", "every segment", "a kernel with CONFIG_BRIDGE", lambda: True, essential=True),
    )
    missing = probe(features=features)
    assert format_table(missing).splitlines() == [
        "missing            impact      fix",
        "kernel netem       slow links  a kernel with CONFIG_NET_SCH_NETEM",
        "kernel veth links  everything  a kernel with CONFIG_VETH",
    ]
    sentence = essential_sentence(missing)
    assert sentence == "this kernel lacks what every play needs: veth links (a kernel with CONFIG_VETH)"


def test_nothing_missing_is_no_table() -> None:
    assert format_table([]) == ""


def test_unknown_kinds_are_seen_as_unknown() -> None:
    """Each attempt can fail: nothing is there by default."""
    from fixtures.sandbox import features

    attempts = (
        Feature("link", "", "", lambda: features._has_link_kind("sextant")),
        Feature("queue", "", "", lambda: features._has_queue_discipline("sextant")),
        Feature("tables", "", "", lambda: features._has_tables("sextant")),
    )
    assert [line.name for line in probe(features=attempts)] == ["link", "queue", "tables"]
    assert len(FEATURES) == len({feature.name for feature in FEATURES})
