"""The page shows every verdict with its story, needs no network, and works from a file."""

import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reports.document.compliance import VERDICTS
from reports.matrix import named
from reports.page import render
from tests.reports.synthetic import document

CHROMIUM = shutil.which("chromium")


class Reader(HTMLParser):
    """The ids, the addresses and the element balance of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "input", "br"):
            self.open.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.addresses += [value for name, value in attrs if name in ("href", "src") and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_verdict_has_a_square_and_a_story(tmp_path: Path) -> None:
    made = document(200)
    page = render(made, tmp_path)
    reader = Reader(page)
    assert reader.open == []
    for cell in named(made["verdicts"]):
        assert reader.ids.count(cell.anchor) == 1
        assert f"#{cell.anchor}" in reader.addresses
        assert html.escape(cell.verdict["reason"], quote=True).replace("&#x27;", "&#39;") in page
    assert {verdict["verdict"] for verdict in made["verdicts"]} == set(VERDICTS)


def test_addresses_of_cells_stay_when_others_come_and_go() -> None:
    made = document(64)["verdicts"]
    before = {cell.verdict["test"]: cell.anchor for cell in named(made)}
    after = {cell.verdict["test"]: cell.anchor for cell in named(made[::3])}
    assert after.items() <= before.items()


def test_the_page_asks_for_nothing(tmp_path: Path) -> None:
    reader = Reader(render(document(100), tmp_path))
    outside = [each for each in reader.addresses if re.match(r"\w+:|//", each)]
    assert outside == ["data:,"]
    assert "url(" not in (page := render(document(1), tmp_path)) and "@import" not in page and "fetch(" not in page


def test_what_programs_say_is_never_markup(tmp_path: Path) -> None:
    made = document(1)
    made["verdicts"][0]["reason"] = "</article><script>alert(1)</script>"
    assert "<script>alert" not in render(made, tmp_path)


def test_a_thousand_verdicts_stay_small(tmp_path: Path) -> None:
    assert len(render(document(1000), tmp_path).encode()) < 3_000_000


def test_blind_spots_stand_on_the_page(tmp_path: Path) -> None:
    made = document(8)
    made["run"] |= {"selected": 11, "stopped": "stopping after 1 failures"}
    text = words(render(made, tmp_path))
    assert "3 stopped early : stopping after 1 failures" in text
    assert "unproved : a check without a mutant" in text
    assert "not selected" in text


def test_a_known_deviation_is_a_marked_failure_with_its_source(tmp_path: Path) -> None:
    made = document(1)
    known = {"implementation": "dhcpcd", "versions": "<10", "source": "https://bugs.example/7", "reason": "it is deaf"}
    made["verdicts"][0] |= {"verdict": "fail", "known_deviation": known}
    text = words(render(made, tmp_path))
    assert "✗ fail (known)" in text and "1 known" in text
    assert "dhcpcd <10: it is deaf; https://bugs.example/7" in text


def test_a_deviation_that_is_gone_needs_attention(tmp_path: Path) -> None:
    made = document(1)
    made["verdicts"][0] |= {"verdict": "pass", "known_deviation": "https://bugs.example/7"}
    page = render(made, tmp_path)
    assert "pass (no longer deviates)" in words(page.partition('id="attention"')[2].partition("</section>")[0])


def test_plays_that_were_played_again_are_told(tmp_path: Path) -> None:
    made = document(8)
    assert "played again" not in render(made, tmp_path)
    made["run"]["played_again"] = [{"recording": "guest-boot-1", "reason": "the machine stalled for 1.3 s"}]
    page = render(made, tmp_path)
    assert Reader(page).open == []
    assert "1 play that the machine disturbed" in page
    assert "<code>guest-boot-1</code>: the machine stalled for 1.3 s" in page


def test_the_packet_that_broke_the_rule_is_marked(tmp_path: Path) -> None:
    made = document(1)
    assert 'class="decisive"' not in render(made, tmp_path)
    made["verdicts"][0]["verdict"] = "fail"
    page = render(made, tmp_path)
    assert page.count('class="decisive"') == 1
    assert "frame 7" in page.partition('class="decisive"')[2].partition("</li>")[0]


def test_the_recording_is_linked_where_it_is(tmp_path: Path) -> None:
    made = document(1)
    name = str(made["verdicts"][0]["recording"])
    folder = tmp_path / "recordings" / name
    folder.mkdir(parents=True)
    (folder / "packets.pcapng").touch()
    (folder / "recording.json").write_text(json.dumps({"play": {"scenario": "boot", "options": {"mode": "stateful"}}}))
    page = render(made, tmp_path)
    assert f"recordings/{name}/packets.pcapng" in Reader(page).addresses
    text = words(page)
    assert "guest-boot with mode stateful" in text
    assert f"tshark -r recordings/{name}/packets.pcapng -Y 'frame.number == 7' -V" in text


def test_squares_with_several_verdicts_say_what_differs(tmp_path: Path) -> None:
    made = document(2)
    first, second = made["verdicts"]
    second["implementations"] = first["implementations"]
    first["test"] = "conformance/test_ra.py::test_m[slaac-dhcpcd]"
    second["test"] = "conformance/test_ra.py::test_m[stateful-dhcpcd]"
    page = render(made, tmp_path)
    assert "<small>slaac</small>" in page and "<small>stateful</small>" in page


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium")
def test_a_browser_shows_the_story_of_an_address(tmp_path: Path) -> None:
    made = document(40)
    (tmp_path / "index.html").write_text(render(made, tmp_path))
    cell = named(made["verdicts"])[4]
    dom = browse(tmp_path / "index.html", f"#{cell.anchor}")
    assert "40 verdicts shown" in dom  # the script ran to its end
    story = dom.partition(f'id="{cell.anchor}"')[2].partition("</article>")[0]
    assert ">copy</button>" in story


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt install chromium")
def test_filters_leave_only_what_was_asked_for(tmp_path: Path) -> None:
    made = document(200)
    choice = "form.elements.verdict.value = 'fail'; form.elements.implementation.value = 'kea'; filter();"
    (tmp_path / "index.html").write_text(f"{render(made, tmp_path)}<script>{choice}</script>")
    dom = browse(tmp_path / "index.html", "")
    failed = [each for each in made["verdicts"] if each["verdict"] == "fail"]
    wanted = [each for each in failed if "dhcpv6-server" in each["implementations"]]
    assert 0 < len(wanted) < len(failed)
    assert f"{len(wanted)} verdicts shown" in dom


def browse(page: Path, fragment: str) -> str:
    """The page as the browser has it after its script ran; there is no network here."""
    profile = f"--user-data-dir={page.parent / 'browser'}"
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", profile, "--dump-dom"]
    done = subprocess.run([*command, f"file://{page}{fragment}"], capture_output=True, text=True, timeout=60)
    return done.stdout


def words(page: str) -> str:
    """What a reader reads."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def test_a_bug_of_the_suite_is_shown_with_its_line(tmp_path: Path) -> None:
    made = document(1)
    step = {"file": "conformance/test_ra.py", "line": 41, "function": "test_it", "text": "return said['<M>']"}
    made["verdicts"][0] |= {"verdict": "error", "traceback": [step]}  # type: ignore[typeddict-item]
    page = render(made, tmp_path)
    assert "conformance/test_ra.py&#34;, line 41, in test_it\n    return said[&#39;&lt;M&gt;&#39;]" in page
    assert page.count("<dt>traceback</dt>") == 1
