"""Traceability: the documents' sentences as data, what judges them, and what `--cloud` selects."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.catalogue.datafiles import BadData
from conformance.catalogue.requirements import catalogue
from conformance.catalogue.traceability import Cloud, cloud_named, clouds, load
from conformance.catalogue.words import CLOUDS
from conformance.judging.check import Check
from conformance.selection.cells import BadCheck, verify
from conformance.selection.sentences import checks_for, judges
from tests.conformance.synthetic import Unplayed

HEAD = 'cloud = "calico"\ntitle = "Calico"\ndocument = "A page"\ntopology = "calico"\nreal = []\nmodelled = []\n'
ENTRY = '[[sentence]]\nid = "calico-01"\nwhere = "Intro"\ntext = "It works."\nrequirements = ["RA-05"]\n'


def test_five_clouds_and_all_their_sentences() -> None:
    assert tuple(clouds()) == CLOUDS
    for cloud in clouds().values():
        assert cloud.real and cloud.modelled
        for sentence in cloud.sentences:
            assert bool(sentence.requirements) != bool(sentence.not_testable)
            assert sentence.where and sentence.text.endswith(".")


@pytest.mark.parametrize("name", CLOUDS)
def test_a_sentence_makes_its_requirements_the_clouds_own(name: str) -> None:
    for id in cloud_named(name).requirements:
        assert name in catalogue().requirement(id).clouds, f"{id} is promised by {name}, and its `clouds` do not say so"


@pytest.mark.parametrize(("text", "said"), [
    (HEAD + ENTRY.replace("RA-05", "RA-5"), "calico.toml: calico-01: unknown requirement 'RA-5'; did you mean RA-05?"),
    (HEAD + ENTRY.replace('["RA-05"]', "[]"), "calico-01: it needs either `requirements` that judge it or a reason"),
    (HEAD + ENTRY + 'not-testable = "no"\n', "calico-01: it needs either `requirements` that judge it or a reason"),
    (HEAD + ENTRY.replace("calico-01", "ovirt-01"), "ovirt-01: an id of this file reads calico-<number>"),
    (HEAD + ENTRY + ENTRY, "calico.toml: calico-01: this id is taken already"),
    (HEAD + ENTRY.replace("where", "wehre"), "calico.toml: calico-01: unknown key `wehre`; did you mean where?"),
    (HEAD.replace('"calico"\nt', '"calcio"\nt'), "calico.toml: unknown cloud 'calcio'; did you mean calico?"),
    (HEAD.replace("title", "tilte"), "calico.toml: unknown key `tilte`; did you mean title?"),
])
def test_bad_data_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "calico.toml").write_text(text)
    with pytest.raises(BadData) as caught:
        load(tmp_path, catalogue())
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def check_named(name: str, requirement: str = "RA-05", cloud: str | None = None,
                sentences: tuple[str, ...] = ()) -> Check:
    def function(recording: object, notebook: object) -> None: ...

    function.__name__ = name
    return Check(requirement, (Unplayed(),), function, "router", (), cloud, sentences)


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    more = ENTRY.replace("calico-01", "calico-02")
    (tmp_path / "calico.toml").write_text(HEAD + ENTRY + more)
    return load(tmp_path, catalogue())["calico"]


def test_a_check_of_the_cloud_is_the_better_witness(cloud: Cloud) -> None:
    general, own, foreign = check_named("general"), check_named("own",
                                                                cloud="calico"), check_named("foreign", cloud="vpc")
    sentence = cloud.sentences[0]
    assert judges(sentence, "RA-05", [general, own, foreign]) == [own]
    assert judges(sentence, "RA-05", [general, foreign]) == [general]
    assert checks_for(cloud, [general, own, foreign]) == [own]
    assert checks_for(cloud, [general, foreign]) == [general]


def test_a_check_that_names_sentences_judges_only_these(cloud: Cloud) -> None:
    general, own = check_named("general"), check_named("own", cloud="calico", sentences=("calico-02",))
    first, second = cloud.sentences
    assert judges(first, "RA-05", [general, own]) == [general]
    assert judges(second, "RA-05", [general, own]) == [own]
    assert checks_for(cloud, [general, own]) == [own, general]


@pytest.mark.parametrize(("check", "said"), [
    (check_named("it", cloud="calcio"), "it: unknown cloud 'calcio'; did you mean calico?"),
    (check_named("it", cloud="calico", sentences=("calico-99",)), "it: unknown sentence 'calico-99'"),
    (check_named("it", cloud="calico", sentences=("calico-01",)),
     "it: the sentence calico-01 does not name RA-05; it names"),
    (check_named("it", sentences=("calico-01",)), "it: it names sentences, so it needs the cloud"),
])
def test_a_wrong_cloud_or_sentence_is_refused(check: Check, said: str) -> None:
    with pytest.raises(BadCheck) as caught:
        verify(check)
    assert said in str(caught.value)
