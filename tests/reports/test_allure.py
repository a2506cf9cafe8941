"""Allure's results and page: programs kept apart, no tracker."""

import json
from pathlib import Path
from typing import Any

import pytest

from reports.allure import page as allure_page
from reports.allure.results import write_results
from tests.reports.staged import staged_report
from tests.reports.synthetic import document


def results(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((folder / "allure-results").glob("*-result.json"))]


def test_each_verdict_is_a_result_with_its_programs(tmp_path: Path) -> None:
    made = document(64)
    write_results(made, tmp_path)
    found = results(tmp_path)
    assert len(found) == 64
    assert len({each["historyId"] for each in found}) == 64
    assert len({each["testCaseId"] for each in found}) == 8
    one = next(each for each in found if each["parameters"][0]["value"] == "dhclient")
    assert [each["name"] for each in one["parameters"]][:2] == ["guest", "router"]
    labels = {each["name"]: each["value"] for each in one["labels"] if each["name"] != "tag"}
    assert labels["feature"].startswith(("RA-", "DHCP6-", "DUAL-")) and labels["epic"] in made["families"].values()
    assert (tmp_path / "allure-results" / one["attachments"][0]["source"]).read_text().startswith("promised: ")


def test_history_keeps_its_ids_from_run_to_run(tmp_path: Path) -> None:
    write_results(document(64), tmp_path)
    before = {each["historyId"] for each in results(tmp_path)}
    write_results(document(64), tmp_path)
    assert {each["historyId"] for each in results(tmp_path)} == before


def test_a_failure_has_its_packets_and_its_topology(tmp_path: Path) -> None:
    made = staged_report(tmp_path)
    write_results(made, tmp_path)
    failed = next(each for each in results(tmp_path) if "believed an RA" in each["statusDetails"]["message"])
    attached = {each["name"]: tmp_path / "allure-results" / each["source"] for each in failed["attachments"]}
    assert sorted(attached) == ["packets", "story", "topology"]
    kept = tmp_path / "recordings" / str(made["verdicts"][0]["recording"]) / "packets.pcapng.gz"
    assert attached["packets"].read_bytes() == kept.read_bytes()
    assert attached["topology"].read_text().startswith("<svg")


def test_the_tracker_is_taken_out_and_nothing_else() -> None:
    page = (
        "<head><script>const app = 1;</script>"
        '<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>'
        "<script>\n window.dataLayer = []; function gtag(){dataLayer.push(arguments);} gtag('js', 1);\n</script>"
        "</head><body></body>"
    )
    assert allure_page.without_tracker(page) == "<head><script>const app = 1;</script></head><body></body>"


def test_without_allure_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allure_page, "find_allure", lambda: None)
    assert "`allure` is not here" in allure_page.generate(tmp_path)


def test_an_allure_that_breaks_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "bin" / "allure"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 2.30\necho it has no memory >&2\nexit 3\n")
    broken.chmod(0o755)
    out = tmp_path / "out"
    write_results(document(2), out)
    monkeypatch.setattr(allure_page, "find_allure", lambda: broken)
    assert allure_page.generate(out).endswith("failed: it has no memory")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "out"]


@pytest.mark.skipif(
    allure_page.find_allure() is None,
    reason="allure is not here: script/setup brings it where npm and Java or Node 20 are",
)
def test_the_page_is_one_file_without_a_tracker(tmp_path: Path) -> None:
    write_results(document(16), tmp_path)
    assert allure_page.generate(tmp_path) == str(tmp_path / "allure.html")
    page = (tmp_path / "allure.html").read_text()
    assert "googletagmanager" not in page and "gtag(" not in page
