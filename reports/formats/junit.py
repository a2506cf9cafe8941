"""sextant.junit.xml: a test suite for each family, a case for each cell. A known deviation is skipped, as in pytest."""

from __future__ import annotations

from xml.etree import ElementTree

from conformance.judging.verdict import Outcome
from reports.document.cells import named_cells
from reports.document.compliance import Compliance, Verdict
from reports.formats.common import printable, title

_FAILURES = (Outcome.FAIL, Outcome.FLAKY, Outcome.INCONCLUSIVE)


def junit(document: Compliance) -> str:
    """The file's text."""
    families = {each["id"]: each["family"] for each in document["requirements"]}
    titles = document.get("families", {})
    root = ElementTree.Element("testsuites", name="sextant")
    suites: dict[str, ElementTree.Element] = {}
    for cell in named_cells(document["verdicts"]):
        family = families.get(cell.verdict["requirement"] or "", "suite")
        if family not in suites:
            suites[family] = ElementTree.SubElement(
                root, "testsuite", name=titles.get(family, family), timestamp=document["run"]["started"].rstrip("Z")
            )
        requirement = cell.verdict["requirement"] or "suite"
        case = ElementTree.SubElement(
            suites[family], "testcase", classname=f"sextant.{family}.{requirement}", name=title(cell), time="0"
        )
        _outcome(case, cell.verdict)
    for suite in suites.values():
        suite.set("tests", str(len(suite)))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _outcome(case: ElementTree.Element, verdict: Verdict) -> None:
    word, reason = verdict["verdict"], printable(verdict["reason"])
    known = bool(verdict["known_deviation"]) and word != Outcome.PASS
    if word == Outcome.ERROR:
        kind = "error"
    elif word in _FAILURES and not known:
        kind = "failure"
    elif known or word in (Outcome.NOT_RUN, Outcome.NOT_APPLICABLE):
        kind = "skipped"
    else:
        kind = ""
    evidence = [printable(f"{each['time']:.6f} s {each['text']}") for each in verdict["evidence"]]
    if kind:
        told = ElementTree.SubElement(case, kind, message=f"{'known deviation: ' if known else ''}{reason}", type=word)
        told.text = "\n".join(evidence)
    out = ElementTree.SubElement(case, "system-out")
    out.text = f"{word}: {reason}\nagain: {printable(verdict['reproduce'])}"
