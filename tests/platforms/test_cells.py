"""Which cells differ between two platforms, and for what reason."""

from __future__ import annotations

from platforms.cells import Difference, counts, differences, only_there
from tests.platforms.synthetic import KNOWN, cell, run


def test_only_what_differs_in_its_state_is_a_difference() -> None:
    there = run(cell("a"), cell("b", "fail", known=KNOWN), cell("c", "warn", reason="for one reason"))
    here = run(cell("a", version="10"), cell("b", "fail", known=KNOWN), cell("c", "warn", reason="for another reason"))
    assert differences(there, here) == {}


def test_a_new_deviation_has_its_entrys_reason_and_source() -> None:
    found = differences(run(cell("a"), cell("b")),
                        run(*(cell(name, "fail", version="10.1", known=KNOWN) for name in "ab")))
    assert found == {Difference("RA-05", "dhcpcd 9.4 → 10.1", "pass", "deviates",
                                "it repeats itself (https://bugs.example/7)"): 2}


def test_a_failure_without_an_entry_stays_a_failure_with_what_was_seen() -> None:
    (found,) = differences(run(cell("a")), run(cell("a", "fail", reason="M=1, promised M=0")))
    assert (found.after, found.reason) == ("fail", "M=1, promised M=0")


def test_what_was_mended_tells_what_it_was() -> None:
    (found,) = differences(run(cell("a", "fail", known=KNOWN)), run(cell("a", version="10.1")))
    assert (found.before, found.after) == ("deviates", "pass")
    assert found.reason == "mended: there, it repeats itself (https://bugs.example/7)"


def test_cells_of_one_run_only_are_told_apart() -> None:
    there, here = run(cell("a"), cell("b")), run(cell("b", "fail"), cell("c"))
    assert only_there(there, here) == {("RA-05", "a")}
    assert [each.requirement for each in differences(there, here)] == ["RA-05"]


def test_a_known_deviation_is_not_counted_as_red() -> None:
    assert counts([cell("a"), cell("b", "fail"), cell("c", "fail", known=KNOWN)]) == {
        "pass": 1, "fail": 1, "deviates": 1}
