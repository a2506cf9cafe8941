"""docs/ipv6-ready.md: it is made of the catalogue, the table of behaviors, and the verdicts of reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.document import catalogue_rows
from reports.ipv6_ready import page, verdicts
from reports.ipv6_ready.behaviors import behaviors, judged_by


def test_the_page_is_up_to_date() -> None:
    assert not page.outdated(), "run python -m reports ipv6-ready-doc"


def test_every_reference_names_a_behavior() -> None:
    known = {each.name for each in behaviors()}
    assert set(judged_by(catalogue_rows.requirements())) <= known


def test_behaviors_have_names_of_their_own() -> None:
    names = [each.name for each in behaviors()]
    assert len(names) == len(set(names)) and {"ND 1", "pmtu 16"} <= set(names)


def test_verdicts_are_taken_over_the_worst_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cell(verdict: str, guest: str, **other: object) -> dict[str, object]:
        return {"part": "RA-11.code", "role": "guest", "cloud": None, "verdict": verdict,
                "implementations": {"guest": {"name": guest, "version": "1"}}, **other}

    cells = [cell("pass", "dhcpcd"), cell("fail", "dhcpcd"), cell("pass", "linux"),
             cell("fail", "linux", role="router"), cell("fail", "linux", part="RA-05"),
             cell("fail", "linux", cloud="vpc")]
    monkeypatch.setattr(verdicts, "load", lambda directory: {"verdicts": cells})
    monkeypatch.setattr(verdicts, "FILE", tmp_path / "verdicts.toml")
    found = verdicts.of_reports([tmp_path], ["RA-11.code"])
    assert found == {"dhcpcd": {"RA-11.code": "fail"}, "linux": {"RA-11.code": "pass"}}
    verdicts.keep(found)
    verdicts.keep({"linux": {"MTU-06.late": "warn"}})
    assert verdicts.kept() == {**found, "linux": {"RA-11.code": "pass", "MTU-06.late": "warn"}}
