"""Parts of requirements: as data, as checks and their mutants, in deviations and allowances."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.catalogue import allowances, deviations
from conformance.catalogue.datafiles import BadData
from conformance.catalogue.requirements import Catalogue, load
from conformance.judging.check import Check, Mutant, check, declared_by, edited, played
from conformance.judging.judge import judge
from conformance.judging.verdict import Notebook, Outcome
from conformance.selection.cells import BadCheck, cells
from conformance.selection.declared import declared_checks
from fixtures.recording.model import Program, Recording
from tests.conformance.synthetic import Unplayed, frame, recording
from tests.conformance.test_data import DEVIATION, ENTRY, HEAD

PARTS = """
[[part]]
id = "RA-01.late"
text = "It is in time."
source = "RFC 4861 section 6.2.6"
reference = ["IPv6 Ready router RD 1"]

[[part]]
id = "RA-01.often"
level = "SHOULD"
text = "It is seldom."
source = "RFC 4861 section 6.2.6"
"""


@pytest.fixture
def catalogue_of_two(tmp_path: Path) -> Catalogue:
    """A catalogue whose one requirement has two parts."""
    (tmp_path / "ra.toml").write_text(HEAD + ENTRY + PARTS)
    return load(tmp_path)


def test_parts_are_data(catalogue_of_two: Catalogue) -> None:
    late, often = catalogue_of_two.requirement("RA-01").parts
    assert (late.key, late.level, late.reference) == ("late", "MUST", ("IPv6 Ready router RD 1",))
    assert (often.key, often.level, often.reference) == ("often", "SHOULD", ())
    assert catalogue_of_two.promise("ra-01.LATE") is late
    assert catalogue_of_two.promise("ra-01") is catalogue_of_two.requirement("RA-01")


@pytest.mark.parametrize(("id", "said"), [
    ("RA-01.lat", "unknown part 'RA-01.lat'; did you mean RA-01.late?"),
    ("RA-1.late", "unknown requirement 'RA-1'; did you mean RA-01?"),
])
def test_unknown_part_names_the_nearest(catalogue_of_two: Catalogue, id: str, said: str) -> None:
    with pytest.raises(BadData) as caught:
        catalogue_of_two.promise(id)
    assert str(caught.value) == said


@pytest.mark.parametrize(("change", "said"), [
    (('"RA-01.late"', '"RA-02.late"'), "ra.toml: RA-02.late: this file has no requirement RA-02; did you mean RA-01?"),
    (('"RA-01.late"', '"RA-01.Late"'), "ra.toml: RA-01.Late: the id of a part reads RA-01.<key>"),
    (('"RA-01.late"', '"RA-01.often"'), "ra.toml: RA-01.often: this id is taken already"),
    (('"It is in time."', '" "'), "ra.toml: RA-01.late: `text` is empty"),
    (('"SHOULD"', '"OUGHT"'), "ra.toml: RA-01.often: `level` is 'OUGHT'; it must be one of"),
    (("reference", "refers"), "ra.toml: RA-01.late: unknown key `refers`"),
])
def test_bad_part_is_one_sentence(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    (tmp_path / "ra.toml").write_text(HEAD + ENTRY + PARTS.replace(*change))
    with pytest.raises(BadData) as caught:
        load(tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_deviation_and_allowance_name_parts(catalogue_of_two: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dnsmasq.toml").write_text(DEVIATION + 'parts = ["late"]\n')
    found = deviations.load(tmp_path / "data", catalogue_of_two)
    cast = {"router": Program("dnsmasq", "2.90")}
    covered = [part for part in ("late", "often", None)
               if deviations.known_deviation("RA-01", part, "test_x[dnsmasq]", cast, found)]
    assert covered == ["late"]
    allowed = '[[allowed]]\nrequirement = "RA-01"\nparts = ["{}"]\ntests = ["*"]\nreason = "slow"\n'
    path = tmp_path / "allowed"
    path.write_text(allowed.format("often"))
    assert allowances.load(path, catalogue_of_two)[0].parts == ("often",)
    path.write_text(allowed.format("oftn"))
    with pytest.raises(BadData, match=r"RA-01: unknown part 'RA-01.oftn'; did you mean RA-01.often"):
        allowances.load(path, catalogue_of_two)


TABLE = {"code": 1, "short": 2}


@check("RA-11", Unplayed(), role="router", parts=TABLE)
def judges_it(recording: Recording, notebook: Notebook, part: str) -> None:
    notebook.expect(len(recording.frames) != TABLE[part], f"{part} is wrong", *recording.frames)


@edited(judges_it, because={part: f"{part} is" for part in TABLE})
def cut(recording: Recording, part: str) -> Recording:
    return recording


@played(judges_it, because="short is", parts=["short"])
def breaks_one() -> None:
    """Counts for one part only."""


def checks() -> dict[str | None, Check]:
    return {each.part: each for each in declared_by(judges_it)}


def test_a_check_is_called_once_for_each_part() -> None:
    seen = recording(frame())
    outcomes = {part: (each.id, judge(each, seen).outcome) for part, each in checks().items()}
    assert outcomes == {"code": ("RA-11.code", Outcome.FAIL), "short": ("RA-11.short", Outcome.PASS)}


def test_mutants_belong_to_parts() -> None:
    def names(mutants: list[Mutant]) -> list[tuple[str, str]]:
        return [(each.name, each.because) for each in mutants]

    assert names(checks()["code"].mutants) == [("cut", "code is")]
    assert names(checks()["short"].mutants) == [("cut", "short is"), ("breaks_one", "short is")]
    with pytest.raises(ValueError, match="judges_it judges no part 'cod'"):
        edited(judges_it, because={"cod": ""})(cut)


def test_ids_end_with_the_part() -> None:
    found = [cell.test for each in checks().values() for cell in cells(each, lambda scenario: [{"router": "radvd"}])]
    assert found == ["judges_it[radvd-code]", "judges_it[radvd-short]"]


@pytest.mark.parametrize(("id", "parts", "said"), [
    ("RA-11", [], "judges_it: RA-11 has parts, so its checks name those that they judge"),
    ("RA-11", ["cod"], "judges_it: unknown part 'RA-11.cod'; did you mean RA-11.code?"),
    ("RA-05.form", [], "judges_it: unknown part 'RA-05.form'; RA-05 has no parts"),
])
def test_wrongly_declared_parts(id: str, parts: list[str], said: str) -> None:
    requirement, _, only = id.partition(".")
    made = Check(requirement, (Unplayed(),), judges_it, "router", part=only or next(iter(parts), None))
    with pytest.raises(BadCheck) as caught:
        list(cells(made, lambda scenario: []))
    assert said in str(caught.value)


def test_every_judged_part_has_a_mutant() -> None:
    assert [each.label for each in declared_checks() if each.part and not each.mutants] == []
