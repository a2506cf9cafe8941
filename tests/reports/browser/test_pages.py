"""A reader's ways through a report, in a real browser and from a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from reports.build import build
from reports.document.cells import named_cells
from tests.reports.browser.conftest import Visit, visiting
from tests.reports.staged import HOSTILE, staged_report
from tests.reports.synthetic import document

FAILED = "#/cell/ra-00.number-00.linux-dnsmasq"


def test_the_first_page_counts_what_the_document_holds(visit: Visit, report: Path) -> None:
    page = visit.open()
    page.get_by_role("button", name="open all").click()
    tiles = page.locator("#matrix tbody tr:not(.family) .tile")
    numbers = [int(text or 1) for text in tiles.locator("i").all_inner_texts()]
    alone = tiles.count() - len(numbers)
    assert sum(numbers) + alone == 24
    assert "24 verdicts" in page.locator(".filters output").inner_text()
    told = page.locator("#summary p a.v").all_inner_texts()
    assert sum(int(text.split()[1]) for text in told) == 24
    for counted in ("1 doubtful verdict", "1 known deviation"):
        assert counted in page.locator("h1").inner_text() and counted in page.locator("#attention").inner_text()


def test_filters_combine_and_stand_in_the_address(visit: Visit) -> None:
    page = visit.open()
    page.locator("select[name=level]").select_option("MUST")
    page.locator("select[name=program]").select_option("dhcpcd")
    expect(page.locator(".filters output")).to_have_text("2 verdicts on 1 requirement")
    assert "level=MUST" in page.url and "program=dhcpcd" in page.url
    again = page.url.partition("index.html")[2]
    page = visit.open(again)
    expect(page.locator(".filters output")).to_have_text("2 verdicts on 1 requirement")
    assert page.locator("thead .names a").all_inner_texts() == ["dhcpcd"]
    page.get_by_role("button", name="show all").click()
    expect(page.locator(".filters output")).to_have_text("24 verdicts on 3 requirements")


def test_a_square_of_several_verdicts_unfolds_and_leads_to_each(visit: Visit) -> None:
    page = visit.open("#/?program=linux")
    square = page.locator("#matrix tbody tr:not(.family) button.tile").first
    square.click()
    lines = page.locator(".unfolded li")
    assert lines.count() == 2
    assert "with dnsmasq" in page.locator(".unfolded").inner_text()
    lines.first.locator("a").click()
    expect(page.locator("article.cell h1")).to_contain_text("RA-00")
    page.go_back()
    expect(page.locator(".filters select[name=program]")).to_have_value("linux")


def test_a_cell_tells_promised_expected_seen_and_the_field_that_decided(visit: Visit) -> None:
    page = visit.open(FAILED)
    story = page.locator(".story").inner_text()
    for word in ("promised", "expected", "seen", "the guest believed an RA with hop limit 64", "RFC 4861"):
        assert word in story
    assert page.locator(".ladder .arrow.deciding").count() == 1
    marked = page.locator(".decode .marked")
    assert "hop limit" in marked.first.inner_text() and "64" in marked.first.inner_text()
    assert "dhcpcd: listening" not in (page.locator(".ladder").last.text_content() or "")
    page.get_by_label("program output").check()
    assert "dhcpcd: listening" in (page.locator(".ladder").last.text_content() or "")
    assert (
        page.locator("#state .added").count() == 1 and "2001:db8:1::1/64" in page.locator("#state .added").inner_text()
    )
    assert "duid ll" in page.locator("#configurations pre").text_content()  # type: ignore[operator]


def test_the_field_that_decided_is_data(chromium: Browser, tmp_path: Path) -> None:
    """Whatever words the reason has."""
    made = staged_report(tmp_path)
    made["verdicts"][0]["reason"] = "MTU, code 7 and checksum are beside the point"
    made["verdicts"][0]["evidence"][0]["fields"] = ["router lifetime"]
    build(made, tmp_path)
    for visit in visiting(chromium, tmp_path):
        page = visit.open(FAILED)
        (marked,) = page.locator(".decode tr.marked th").all_inner_texts()
        assert marked == "router lifetime"


def test_the_ladder_is_walked_with_keys_and_decodes_each_packet(visit: Visit) -> None:
    page = visit.open(FAILED)
    page.get_by_label("all 3 packets").check()
    deciding = page.locator(".ladder .arrow.deciding")
    deciding.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    told = page.locator(".decode").inner_text()
    assert "Solicit" in told and "0xabcdef" in told and "elapsed" in told
    page.keyboard.press("k")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    assert "Router Solicitation" in page.locator(".decode").inner_text()


def test_deadlines_are_drawn_at_the_life_lines(visit: Visit) -> None:
    page = visit.open(FAILED)
    page.get_by_label("all 3 packets").check()
    page.get_by_label("all deadlines").check()
    told = page.locator(".ladder .band title").all_text_contents()
    assert any(each.startswith("RA due: RFC 4861") and "answered" in each for each in told), told
    assert any(each.startswith("sent again after 1.1 s: RFC 8415") for each in told)
    assert "3.20 s later" in page.locator(".ladder .silence").last.text_content()  # type: ignore[operator]


def test_a_frame_of_the_evidence_opens_by_its_address(visit: Visit) -> None:
    page = visit.open(f"{FAILED}?frame=5")
    assert "Solicit" in page.locator(".decode h3").inner_text()


def test_pages_of_requirements_and_programs_lead_to_cells(visit: Visit) -> None:
    page = visit.open("#/requirement/RA-00")
    assert "linux" in page.locator("#violated").inner_text()
    page.locator("#violated a.id", has_text="linux").click()
    expect(page.locator("main h1")).to_contain_text("linux")
    expect(page.locator("#broken")).to_contain_text("hop limit 64")
    page = visit.open("#/figures")
    assert page.locator("figure.plotted circle").count() == 9  # eight of the document, and the time to the address


NOWHERE = (
    "#/cell/none",
    "#/requirement/none",
    "#/program/a/b",
    "#/cloud/none",
    "#/pair/a/b",
    "#/%E0%A4%A",
    "#nonsense",
)


@pytest.mark.parametrize("place", NOWHERE)
def test_addresses_that_lead_nowhere_say_so(visit: Visit, place: str) -> None:
    page = visit.open(place)
    assert page.locator("main").inner_text().strip()


def test_numbers_of_the_same_test_elsewhere_are_a_column_when_asked_for(visit: Visit) -> None:
    page = visit.open()
    column = page.locator("#matrix .reference")
    expect(column.first).to_be_hidden()
    page.get_by_label("tested elsewhere").check()
    expect(page.locator("#matrix .names .reference")).to_have_text("tested elsewhere as")
    assert column.count() == page.locator("#matrix tr").count()


def test_copies_are_markdown_and_csv(visit: Visit) -> None:
    page = visit.open()
    markdown = page.evaluate("Sextant.export.markdown(Sextant.run.cells)")
    assert markdown.startswith("| requirement | dhclient | dhcpcd |")
    assert markdown.splitlines()[0].endswith("| tested elsewhere |")
    assert len({line.count("|") for line in markdown.splitlines()}) == 1
    lines = page.evaluate("Sextant.export.csv(Sextant.run.cells)").split("\r\n")
    assert len(lines) == 25 and lines[0].startswith('"requirement","level"')
    formula = "Sextant.export.csv([{ ...Sextant.run.cells[0], reason: '=HYPERLINK(1)' }])"
    assert '"\'=HYPERLINK(1)"' in page.evaluate(formula)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A report in which everything that others say is hostile."""
    made = staged_report(tmp_path, said=HOSTILE)
    for verdict in made["verdicts"]:
        verdict["reason"] = HOSTILE
        verdict["implementations"] = {
            role: {"name": HOSTILE, "version": HOSTILE} for role in verdict["implementations"]
        }
        verdict["known_deviation"] = f'javascript:alert(1) {HOSTILE} https://example.com/"onclick=x'
        verdict["reproduce"] = HOSTILE
        for each in verdict["evidence"]:
            each["text"] = HOSTILE
    for requirement in made["requirements"]:
        requirement["text"] = requirement["source"] = HOSTILE
    made["run"] |= {"kernel": HOSTILE, "command": HOSTILE}
    build(made, tmp_path)
    return tmp_path


def test_hostile_content_does_not_run(chromium: Browser, hostile: Path) -> None:
    for visit in visiting(chromium, hostile):
        for place in ("", "#/matrix", "#/requirement/RA-00", "#/figures", "#/programs"):
            page = visit.open(place)
            assert page.title() != "owned" and page.locator("img").count() == 0
        first = page.evaluate("Sextant.run.cells[0]")
        page = visit.open(f"#/cell/{first['anchor']}")
        page.get_by_label("program output").check()
        assert "onerror" in page.locator("main").inner_text()  # it is there, as text
        assert page.title() != "owned" and page.locator("img").count() == 0
        page = visit.open(f"#/program/guest/{page.evaluate('encodeURIComponent(Sextant.run.cells[0].program.name)')}")
        assert page.title() != "owned" and page.locator("img").count() == 0
        for address in page.evaluate(
            "[...document.querySelectorAll('a[href]')].map(each => each.getAttribute('href'))"
        ):
            assert not address.startswith(("javascript:", "data:")), address


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of ten thousand verdicts."""
    folder = tmp_path_factory.mktemp("large")
    build(document(10_000), folder)
    return folder


@pytest.fixture
def crowd(chromium: Browser, large: Path) -> Iterator[Visit]:
    yield from visiting(chromium, large)


def test_ten_thousand_verdicts_are_there_and_few_are_drawn(crowd: Visit) -> None:
    page = crowd.open()
    assert page.evaluate("Sextant.run.cells.length") == 10_000
    assert page.evaluate("document.querySelectorAll('*').length") < 8_000
    page.locator("select[name=verdict]").select_option("flaky")
    wanted = sum(each["verdict"] == "flaky" for each in document(10_000)["verdicts"])
    expect(page.locator(".filters output")).to_contain_text(f"{wanted} verdicts")
    page.locator(".fold").first.click()
    assert page.locator("#matrix tbody tr:not(.family)").count() > 10
    anchor = named_cells(document(10_000)["verdicts"])[7777].anchor
    page = crowd.open(f"#/cell/{anchor}")
    expect(page.locator(".story")).to_contain_text("promised")
