"""docs/requirements.md is what the catalogue and the checks say today."""

from __future__ import annotations

from reports import requirements_doc


def test_the_page_is_up_to_date() -> None:
    assert not requirements_doc.outdated_pages(), "run python -m reports requirements-doc"


def test_it_tells_what_judges_a_part_and_what_nothing_judges() -> None:
    rows = requirements_doc.text().splitlines()
    part = next(row for row in rows if row.startswith("| `RA-03.goes-on`"))
    assert "`test_goes_on_advertising`" in part and "unsolicited-router" in part
    assert any("| nothing yet |" in row for row in rows)
