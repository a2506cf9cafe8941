"""The site's data: every verdict is in it, in the index and with its play, and nothing in it is markup."""

import base64
import html
import json
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from reports.build import build
from reports.document.cells import named_cells
from reports.document.compliance import VERDICTS, Compliance
from reports.site.situations import situation
from tests.reports.staged import HOSTILE, staged_report
from tests.reports.synthetic import document


def site(made: Compliance, directory: Path) -> Path:
    directory.mkdir(exist_ok=True)
    build(made, directory)
    return directory


def index(directory: Path) -> dict[str, Any]:
    text = (directory / "data" / "index.js").read_text()
    found: dict[str, Any] = json.loads(text.removeprefix("Sextant.index(").removesuffix(");\n"))
    return found


def plays(directory: Path) -> dict[str, dict[str, Any]]:
    """What each play's script hands over: the JSON part."""
    found = {}
    for path in (directory / "data").glob("*.js"):
        if path.name != "index.js":
            text = re.fullmatch(r'Sextant\.deliver\("([^"]+)","([A-Za-z0-9+/=]*)"\);\n', path.read_text())
            assert text, path
            data = zlib.decompress(base64.b64decode(text[2]))
            found[text[1]] = json.loads(data[4 : 4 + struct.unpack(">I", data[:4])[0]])
    return found


def test_every_verdict_is_in_the_index_and_with_its_play(tmp_path: Path) -> None:
    made = document(200)
    told = index(site(made, tmp_path / "out"))
    loaded = plays(tmp_path / "out")
    cells = named_cells(made["verdicts"])
    assert [row[0] for row in told["cells"]] == [cell.anchor for cell in cells]
    for cell, row in zip(cells, told["cells"], strict=True):
        assert told["verdicts"][row[8]] == cell.verdict["verdict"]
        assert told["requirements"][row[1]]["id"] == cell.verdict["requirement"]
        assert loaded[told["plays"][row[10]]]["cells"][cell.anchor] == cell.verdict
    assert {verdict["verdict"] for verdict in made["verdicts"]} == set(VERDICTS)


def test_addresses_of_cells_stay_when_others_come_and_go() -> None:
    made = document(64)["verdicts"]
    before = {cell.verdict["test"]: cell.anchor for cell in named_cells(made)}
    after = {cell.verdict["test"]: cell.anchor for cell in named_cells(made[::3])}
    assert after.items() <= before.items()


def test_no_square_shows_a_test_id(tmp_path: Path) -> None:
    told = index(site(document(64), tmp_path / "out"))
    for name in ("questions", "situations", "partners"):
        assert not [each for each in told[name] if re.search(r"::|\[|\]|_|\.py", each)]
    assert {row[0] for row in told["programs"]} == {"guest"}


def test_a_build_is_named_once() -> None:
    """Its name has a dot for the @ in the test id, which is not what tells the cell from others."""
    verdict = document(1)["verdicts"][0]
    verdict["test"] = "checks/test_x.py::test_x[slaac-radvd.mine+kea-linux]"
    verdict["implementations"] = {role: {"name": name, "version": "1"} for role, name in (
        ("router", "radvd@mine"), ("dhcpv6-server", "kea"), ("guest", "linux"))}
    assert situation(verdict) == "slaac"


def test_models_are_counted_apart(tmp_path: Path) -> None:
    made = document(40)
    for verdict in made["verdicts"][:10]:
        verdict["party"] = "model"
    page = (site(made, tmp_path / "out") / "index.html").read_text()
    assert "30 verdicts" in page and "10 about models, not counted" in page
    counted = sum(int(number) for number in re.findall(r"</b> (\d+) [a-z-]+</a>", page))
    assert counted == 30


def test_a_check_of_a_model_that_broke_is_told(tmp_path: Path) -> None:
    made = document(1)
    made["verdicts"][0] |= {"party": "model", "verdict": "error"}
    page = (site(made, tmp_path / "out") / "index.html").read_text()
    assert "1 error of the suite" in page and "0 verdicts" in page


def test_parts_of_a_requirement_go_with_it(tmp_path: Path) -> None:
    made = document(8)
    made["requirements"][0]["parts"] = [{"id": "RA-00a", "text": "The first half.", "source": "RFC 4861", "checks": []}]
    made["verdicts"][0]["part"] = "RA-00a"
    told = index(site(made, tmp_path / "out"))
    assert told["requirements"][0]["parts"][0]["text"] == "The first half."
    assert told["cells"][0][2] == "RA-00a"


def test_what_programs_say_is_never_markup(tmp_path: Path) -> None:
    made = staged_report(tmp_path / "out", said=HOSTILE)
    for verdict in made["verdicts"]:
        verdict["reason"] = HOSTILE
    made["run"]["command"] = HOSTILE
    site(made, tmp_path / "out")
    page = (tmp_path / "out" / "index.html").read_text()
    ours = re.findall(r'<script src="(?:site|data)/[\w.-]+"></script>', page)
    assert "<img" not in page and page.count("<script") == len(ours)
    assert html.escape(HOSTILE.partition("\x1b")[0], quote=False)[:20] in page
    assert "<" not in (tmp_path / "out" / "data" / "index.js").read_text()


def test_the_page_names_nothing_outside_itself(tmp_path: Path) -> None:
    out = site(document(40), tmp_path / "out")
    page = (out / "index.html").read_text()
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in html.unescape(page)
    for address in re.findall(r'(?:href|src)="([^"]+)"', page):
        assert address == "data:," or address.startswith("#") or re.fullmatch(r"(site|data)/[\w.-]+|[\w.-]+", address)
    for path in (out / "site").iterdir():
        text = path.read_text()
        assert not re.search(r"\bfetch\(|XMLHttpRequest|@import|url\((?!#)|innerHTML|eval\(|new Function", text), path


def test_a_thousand_verdicts_stay_small(tmp_path: Path) -> None:
    out = site(document(1000), tmp_path / "out")
    assert sum(path.stat().st_size for path in (out / "data").iterdir()) < 1_500_000
    assert len((out / "index.html").read_bytes()) < 100_000


def test_a_stopped_run_and_disturbed_plays_are_told(tmp_path: Path) -> None:
    made = document(8)
    made["run"] |= {"selected": 11, "stopped": "stopping after 1 failures"}
    made["run"]["played_again"] = [{"recording": "guest-boot-1", "reason": "the host stalled for 1.3 s"}]
    page = (site(made, tmp_path / "out") / "index.html").read_text()
    assert "Stopped early: stopping after 1 failures: 8 of 11 cells have a verdict." in page
    assert "<code>guest-boot-1</code>: the host stalled for 1.3 s" in page


def test_without_javascript_the_findings_are_there(tmp_path: Path) -> None:
    made = document(1)
    made["verdicts"][0] |= {"verdict": "fail", "reason": "it is deaf"}
    page = (site(made, tmp_path / "out") / "index.html").read_text()
    assert "it is deaf" in page.partition("<noscript>")[2].partition("</noscript>")[0]


def test_the_recording_and_its_packets_are_with_the_cell(tmp_path: Path) -> None:
    made = staged_report(tmp_path / "out")
    site(made, tmp_path / "out")
    name = str(made["verdicts"][0]["recording"])
    told = plays(tmp_path / "out")[name]
    assert told["place"] == f"recordings/{name}/packets.pcapng.gz"
    assert told["head"]["started"] == "1767323045000000123"
    assert told["configurations"] == {"guest/dhcpcd.conf": "duid ll\n"}


@pytest.mark.parametrize("name", ["../../escape", "a b#c?d.pcapng", "x" * 300, "ümlaut"])
def test_recordings_of_strange_names_get_plain_files(tmp_path: Path, name: str) -> None:
    made = document(1)
    made["verdicts"][0]["recording"] = name
    out = site(made, tmp_path / "out")
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}\.js", path.name) for path in (out / "data").iterdir())
    assert not list(tmp_path.glob("*.js"))


def test_documents_of_older_runs_have_pages(tmp_path: Path) -> None:
    made = document(8)
    for key in ("families",):
        made.pop(key)  # type: ignore[misc]
    told = index(site(made, tmp_path / "out"))
    assert told["clouds"] == [] and told["sentences"] == []
