"""docs/platforms.md as it is written."""

from __future__ import annotations

from typing import Any

from platforms.page import Played, page
from platforms.runs import Result, Run
from tests.platforms.synthetic import KNOWN, cell, run


def played_on(title: str, root: Any, user: Any, seconds: float = 80.0) -> Played:
    runs = {who: Run(0, seconds) for who in ("root", "user")}
    result = Result(f"{title} (exact)", "3.13.5", 51.4, "2026-01-01 12:00", runs)
    return Played(title, result, {"root": root, "user": user})


DEBIAN_12 = played_on("Debian 12", run(cell("a"), cell("b")), run(cell("a"), cell("b")))


def test_a_run_is_a_line_with_its_times_and_its_verdicts() -> None:
    text = page(DEBIAN_12, [played_on("Debian 13", run(cell("a"), cell("b", "fail", known=KNOWN)), run(cell("a")))], {},
                2)
    assert "| system | Python | set-up | run as | wall time | status | deviates | pass |" in text
    assert "| Debian 13 (exact) | 3.13.5 | 51 s | root | 80 s | 0 | 1 | 1 |" in text
    assert "| Debian 12 (exact) | 3.13.5 | 51 s | user | 80 s | 0 | 0 | 2 |" in text


def test_a_platforms_differences_stand_in_its_section_the_worst_first() -> None:
    here = run(cell("a", "fail", known=KNOWN), cell("b", "error", reason="broke | down"))
    text = page(DEBIAN_12, [played_on("Debian 13", here, here)], {}, 2)
    section = text.partition("## Debian 13")[2]
    assert "2 of 2 cells differ from Debian 12." in section
    assert section.index("| pass | error | 1 | broke \\| down |") < section.index("| pass | deviates | 1 | it repeats")
    assert "Root and an ordinary user" not in text


def test_where_root_and_user_differ_it_is_said() -> None:
    text = page(DEBIAN_12, [played_on("sid", run(cell("a")), run(cell("a", "warn", reason="late")))], {}, 2)
    assert "| RA-05 | dhcpcd 9.4 | pass | warn | 1 | late |" in text.partition("## Root and an ordinary user")[2]


def test_what_could_not_be_played_is_named_with_the_reason() -> None:
    text = page(DEBIAN_12, [], {"Ubuntu 24.04": "no root can be made from http://x: 404."}, 2)
    assert "Ubuntu 24.04 was not played: no root can be made from http://x: 404." in text
