"""The pages of books of behaviors: made of the catalogue, the tables of behaviors, and the verdicts of reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.references import page, verdicts
from reports.references.behaviors import behaviors, judged_by
from reports.references.books import BOOKS, IPV6_READY, Book

EVERY_BOOK = pytest.mark.parametrize("book", BOOKS.values(), ids=BOOKS)


@EVERY_BOOK
def test_the_page_is_up_to_date(book: Book) -> None:
    assert not page.outdated_pages(book), f"run python -m reports {book.name}-doc"


@EVERY_BOOK
def test_every_reference_names_a_behavior(book: Book) -> None:
    known = {each.name for each in behaviors(book)}
    assert set(judged_by(book)) <= known


@EVERY_BOOK
def test_behaviors_have_names_of_their_own(book: Book) -> None:
    names = [each.name for each in behaviors(book)]
    assert names and len(names) == len(set(names))


def test_verdicts_are_taken_over_the_worst_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cell(verdict: str, guest: str, **other: object) -> dict[str, object]:
        return {"part": "RA-11.code", "role": "guest", "cloud": None, "verdict": verdict,
                "implementations": {"guest": {"name": guest, "version": "1"}}, **other}

    cells = [cell("pass", "dhcpcd"), cell("fail", "dhcpcd"), cell("pass", "linux"),
             cell("fail", "linux", role="router"), cell("fail", "linux", part="RA-05"),
             cell("fail", "linux", cloud="vpc")]
    monkeypatch.setattr(verdicts, "load", lambda directory: {"verdicts": cells})
    monkeypatch.setattr(Book, "verdicts", tmp_path / "verdicts.toml")
    found = verdicts.of_reports(IPV6_READY, [tmp_path], ["RA-11.code"])
    assert found == {"dhcpcd": {"RA-11.code": "fail"}, "linux": {"RA-11.code": "pass"}}
    verdicts.keep(IPV6_READY, found)
    verdicts.keep(IPV6_READY, {"linux": {"MTU-06.late": "warn"}})
    assert verdicts.kept_verdicts(IPV6_READY) == {**found, "linux": {"RA-11.code": "pass", "MTU-06.late": "warn"}}
