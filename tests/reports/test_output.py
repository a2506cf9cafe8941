"""The report's place: one run at a time, whole reports only, whatever interrupts."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reports import output
from reports.build import build
from reports.errors import ReportError
from reports.output import ReportDirectory
from tests.reports.synthetic import document

ROOT = Path(__file__).parents[2]


def publish(path: Path, size: int = 8) -> None:
    place = ReportDirectory(path)
    place.claim()
    build(document(size), place.staging)
    place.publish()
    place.release()


def test_a_report_replaces_the_last_one(tmp_path: Path) -> None:
    publish(tmp_path / "out", 8)
    publish(tmp_path / "out", 9)
    assert (tmp_path / "out" / "compliance.json").read_text().count('"reproduce"') == 9
    assert names(tmp_path) == ["out"]
    made = set(names(tmp_path / "out"))
    assert {"allure-results", "compliance.json", "data", "index.html", "site"} <= made <= output.CONTENTS


def test_it_does_so_where_directories_cannot_be_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(one: Path, other: Path) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(output, "_exchange", refuse)
    test_a_report_replaces_the_last_one(tmp_path)


def test_a_second_run_is_refused(tmp_path: Path) -> None:
    first, second = ReportDirectory(tmp_path / "out"), ReportDirectory(tmp_path / "out")
    first.claim()
    with pytest.raises(ReportError, match=r"another run is writing its report to .*/out"):
        second.claim()
    assert first.staging.is_dir()
    first.discard()
    first.release()
    second.claim()
    second.discard()
    second.release()
    assert names(tmp_path) == []


def test_a_killed_run_leaves_the_last_report_and_the_next_run_clears_up(tmp_path: Path) -> None:
    publish(tmp_path / "out")
    before = (tmp_path / "out" / "index.html").read_text()
    script = (
        "import sys, time; from pathlib import Path; from reports.output import ReportDirectory\n"
        "place = ReportDirectory(Path(sys.argv[1])); place.claim(); (place.staging / 'index.html').write_text('half')\n"
        "print('now', flush=True); time.sleep(60)"
    )
    killed = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "out")], cwd=ROOT, stdout=subprocess.PIPE)
    assert killed.stdout and killed.stdout.readline() == b"now\n"
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    assert (tmp_path / "out" / "index.html").read_text() == before
    assert len(names(tmp_path)) == 3
    publish(tmp_path / "out")
    assert names(tmp_path) == ["out"]


def test_a_run_killed_between_two_renames_loses_nothing(tmp_path: Path) -> None:
    publish(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / ".out.previous")
    place = ReportDirectory(tmp_path / "out")
    place.claim()
    assert (tmp_path / "out" / "index.html").is_file()
    place.discard()
    place.release()


def test_a_full_disk_keeps_the_last_report(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", disk], check=True)
    try:
        publish(disk / "out", 1)
        before = (disk / "out" / "compliance.json").read_text()
        place = ReportDirectory(disk / "out")
        place.claim()
        with pytest.raises(ReportError, match="the disk is full; the previous report is kept") as caught:
            build(document(400), place.staging)
        assert len(str(caught.value).splitlines()) == 1
        place.discard()
        place.release()
        assert (disk / "out" / "compliance.json").read_text() == before
        assert names(disk) == ["out"]
    finally:
        subprocess.run(["umount", disk], check=True)


def test_what_the_user_put_there_stays(tmp_path: Path) -> None:
    publish(tmp_path / "out")
    (tmp_path / "out" / "junit.xml").write_text("mine")
    publish(tmp_path / "out")
    assert (tmp_path / "out" / "junit.xml").read_text() == "mine"


def test_a_directory_that_is_no_report_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "me.jpg").touch()
    with pytest.raises(ReportError, match=r"holds files but no compliance.json"):
        ReportDirectory(tmp_path / "photos").claim()
    (tmp_path / "file").touch()
    with pytest.raises(ReportError, match="is not a directory"):
        ReportDirectory(tmp_path / "file").claim()
    assert names(tmp_path) == ["file", "photos"]


def test_hidden_scratch_does_not_get_into_the_report(tmp_path: Path) -> None:
    place = ReportDirectory(tmp_path / "out")
    place.claim()
    (place.staging / ".plan").touch()
    place.publish()
    place.release()
    assert names(tmp_path / "out") == []


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())
