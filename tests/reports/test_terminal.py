"""The table of failures at the end of a run."""

from __future__ import annotations

from reports.document.cells import named_cells
from reports.terminal import MOST, failures
from tests.reports.staged import HOSTILE
from tests.reports.synthetic import document


def test_each_new_failure_has_its_page_and_known_ones_have_none() -> None:
    made = document(8)
    made["verdicts"][0] |= {"verdict": "fail", "known_deviation": None, "reason": f"it is deaf {HOSTILE}"}
    made["verdicts"][1] |= {"verdict": "fail", "known_deviation": "https://bugs.example/1"}
    for verdict in made["verdicts"][2:]:
        verdict["verdict"] = "pass"
    told = list(failures(made, "reports/out/index.html"))
    assert told[0].startswith("RA-00  fail  linux + dnsmasq  it is deaf")
    assert told[1].strip() == f"reports/out/index.html#/cell/{named_cells(made['verdicts'])[0].anchor}"
    assert len(told) == 2 and "\x1b" not in "".join(told)


def test_many_are_cut_with_a_link_to_all() -> None:
    made = document(40)
    for verdict in made["verdicts"]:
        verdict |= {"verdict": "fail", "known_deviation": None}
    told = list(failures(made, "index.html"))
    assert len(told) == 2 * MOST + 1 and told[-1] == "and 28 more: index.html#/?verdict=attention&known=new"
    assert list(failures(document(1), "index.html")) == []
