"""Data: the catalogue, known deviations, allowances, version ranges. What is wrong is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.catalogue import allowances, deviations
from conformance.catalogue import requirements as catalogue
from conformance.catalogue.datafiles import BadData
from conformance.catalogue.versions import BadRange, parse_range, within
from fixtures.implementations.registry import all_implementations
from fixtures.recording.model import Program
from fixtures.roles import ROLES
from tests.conformance.proof import all_checks

#: The requirements of the first five behaviours.
FIRST = {
    f"{family}-{number:02}"
    for family, numbers in {
        "LL": (1, 2, 4), "SLAAC": (3, 4), "DHCP6": (1, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 37),
        "RA": (1, 4, 5, 6, 7, 8, 9, 11, 12, 14, 18), "PNDP": (1, 2, 3, 4), "NDP": (2, 12), "ROUTE": (1, 2),
        "DUAL": (1, 5, 6, 9, 10, 12),
    }.items()
    for number in numbers
}

HEAD = 'family = "RA"\ntitle = "Router discovery"\n'
ENTRY = """
[[requirement]]
id = "RA-01"
level = "MUST"
role = "router"
clouds = ["all"]
tier = 1
source = "RFC 4861"
text = "It answers."
stimulus = "RS"
verdict = "RA"
"""
DEVIATION = """
[[deviation]]
requirement = "RA-01"
role = "router"
versions = ">=2.80,<2.91"
source = "RFC 4861 section 6.2.6"
reason = "It answers at once."
recording = "guest-boot"
"""


def test_the_catalogue_is_whole() -> None:
    ours = catalogue.catalogue()
    assert len(FIRST) == 42
    assert set(ours.requirements) >= FIRST
    assert len(ours) >= 218


@pytest.mark.parametrize(("text", "said"), [
    (HEAD + ENTRY.replace('level = "MUST"', 'level = "SHALL"'), "ra.toml: RA-01: `level` is 'SHALL'; it must be"),
    (HEAD + ENTRY.replace('"router"', '"routre"'), "ra.toml: RA-01: `role` is 'routre'"),
    (HEAD + ENTRY.replace('["all"]', '["azure"]'), "ra.toml: RA-01: `clouds` is 'azure'"),
    (HEAD + ENTRY.replace("source =", "sauce ="), "ra.toml: RA-01: unknown key `sauce`; did you mean source?"),
    (HEAD + ENTRY.replace('text = "It answers."', ""), "ra.toml: RA-01: the key `text` is missing"),
    (HEAD + ENTRY.replace("tier = 1", 'tier = "1"'), "ra.toml: RA-01: `tier` must be of type int"),
    (HEAD + ENTRY + ENTRY, "ra.toml: RA-01: this id is taken already, in ra.toml"),
    (HEAD + ENTRY.replace('"RA-01"', '"LL-01"'), "ra.toml: LL-01: an id of this file reads RA-<number>"),
    (ENTRY, "ra.toml: it must begin with family"),
    (HEAD + "x", "ra.toml: cannot be read as TOML"),
])
def test_bad_catalogue_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "ra.toml").write_text(text)
    with pytest.raises(BadData) as caught:
        catalogue.load(tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("id", "said"), [("RA-5", "RA-05"), ("DHCPv6-04", "DHCP6-04"), ("PNDP-99", "PNDP-0")])
def test_unknown_requirement_names_the_nearest(id: str, said: str) -> None:
    with pytest.raises(BadData, match=f"unknown requirement '{id}'; did you mean {said}"):
        catalogue.catalogue().requirement(id)


def test_ids_are_found_in_any_case() -> None:
    assert catalogue.catalogue().requirement("dhcp6-04").id == "DHCP6-04"


@pytest.mark.parametrize(("version", "inside"), [
    ("2.80", True), ("2.90", True), ("2.90-4~deb12u1", True), ("1:2.90-4", True), ("2.91", False), ("2.79", False),
    ("v2.85rc1", True), ("", False), ("unknown", False),
])
def test_versions_of_all_kinds(version: str, inside: bool) -> None:
    assert within(version, parse_range(">=2.80,<2.91")) is inside


def test_vendor_suffix_does_not_count() -> None:
    assert within("4.4.3-P1", parse_range("==4.4.3"))


@pytest.mark.parametrize("text", ["", "2.80 to 2.91", "latest"])
def test_bad_range(text: str) -> None:
    with pytest.raises(BadRange, match="is no version range; write one like"):
        parse_range(text)


def test_deviation_covers_its_cells_only(tmp_path: Path) -> None:
    (tmp_path / "dnsmasq.toml").write_text(DEVIATION + 'tests = ["test_answer[*dhc*]"]\n')
    known = deviations.load(tmp_path, catalogue.catalogue())

    def is_covered(requirement: str = "RA-01", test: str = "test_answer[dnsmasq-dhclient]", name: str = "dnsmasq",
              version: str = "2.90") -> bool:
        cast = {"router": Program(name, version), "guest": Program("dhclient", "4.4.3-P1")}
        return deviations.known_deviation(requirement, None, test, cast, known) is not None

    assert is_covered()
    assert not is_covered(requirement="RA-05")
    assert not is_covered(name="radvd")
    assert not is_covered(version="2.91")
    assert not is_covered(test="test_answer[dnsmasq-linux]")
    assert not is_covered(test="test_rate[dnsmasq-dhclient]")


@pytest.mark.parametrize(("change", "said"), [
    (("RA-01", "RA-99"), "dnsmasq.toml: RA-99: no such requirement; did you mean"),
    (('"RFC 4861 section 6.2.6"', '" "'), "dnsmasq.toml: RA-01: `source` is empty"),
    ((">=2.80,<2.91", "all"), "dnsmasq.toml: RA-01: `versions`: 'all' is no version range"),
    (("reason", "raeson"), "dnsmasq.toml: RA-01: unknown key `raeson`; did you mean reason?"),
])
def test_bad_deviation_is_one_sentence(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    (tmp_path / "dnsmasq.toml").write_text(DEVIATION.replace(*change))
    with pytest.raises(BadData) as caught:
        deviations.load(tmp_path, catalogue.catalogue())
    assert said in str(caught.value)


def test_our_own_data_loads() -> None:
    deviations.deviations()
    allowances.allowances()


def test_allowance_needs_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "allowed.toml"
    path.write_text('[[allowed]]\nrequirement = "RA-01"\ntests = ["*"]\nreason = ""\n')
    with pytest.raises(BadData, match=r"allowed.toml: RA-01: `tests` and `reason` must not be empty"):
        allowances.load(path, catalogue.catalogue())


def test_every_role_that_is_used_is_a_role() -> None:
    """A role that is misspelled would have no player."""
    played = {role for check in all_checks().values() for scenario in check.scenarios for role in scenario.roles}
    offered = {role for each in all_implementations().values() for role in each.roles}
    judged = {check.role for check in all_checks().values()}
    assert played | offered | judged <= set(ROLES)
