"""What a run says of each sentence of the clouds' documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from conformance.judging.verdict import Outcome
from reports.document.compliance import VERDICTS, Check, Requirement, Sentence, Verdict

#: Verdicts that say something about whoever was judged.
TELLING = frozenset({Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.FLAKY})


def judge_sentences(
    sentences: Iterable[Sentence], requirements: Iterable[Requirement], verdicts: Iterable[Verdict]
) -> list[Sentence]:
    """The sentences with what these verdicts say of them."""
    known = {each["id"]: each for each in requirements}
    made = list(verdicts)
    return [_judge(sentence, known, made) for sentence in sentences]


def _judge(sentence: Sentence, known: Mapping[str, Requirement], verdicts: list[Verdict]) -> Sentence:
    by_requirement = {id: about(sentence, known.get(id), verdicts) for id in sentence["requirements"]}
    counts = Counter(each["verdict"] for found in by_requirement.values() for each in found)
    parties = {each.get("party") for found in by_requirement.values() for each in found if each["verdict"] in TELLING}
    telling = [word for word in VERDICTS if counts[word] and word not in (Outcome.NOT_RUN, Outcome.NOT_APPLICABLE)]
    return {
        **sentence,
        "verdict": next(iter(telling or [word for word in VERDICTS if counts[word]]), None),
        "counts": {word: counts[word] for word in VERDICTS if counts[word]},
        "unjudged": [
            id for id, found in by_requirement.items() if not any(each["verdict"] in TELLING for each in found)
        ],
        "model_alone": parties == {"model"},
    }


def about(sentence: Sentence, requirement: Requirement | None, verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts that count for one requirement of a sentence: those of its judges."""
    tests = {check["test"] for check in judges(sentence, requirement)} if requirement else set()
    return [
        each
        for each in verdicts
        if requirement and each["requirement"] == requirement["id"] and _name(each["test"]) in tests
    ]


def judges(sentence: Sentence, requirement: Requirement) -> list[Check]:
    """The checks that judge a requirement for a sentence: those of its cloud, and only without any the general ones.

    A check that names sentences judges these only. The same rule selects the checks of a cloud for a run.
    """
    own = [check for check in requirement.get("checks", []) if check.get("cloud") == sentence["cloud"]]
    own = [check for check in own if not check.get("sentences") or sentence["id"] in check["sentences"]]
    return own or [check for check in requirement.get("checks", []) if check.get("cloud") is None]


def _name(test: str) -> str:
    return test.rpartition("::")[2].partition("[")[0]
