"""Which checks judge the sentences of a cloud's document."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.catalogue.traceability import Cloud, Sentence
from conformance.judging.check import Check


def judges(sentence: Sentence, requirement: str, checks: Iterable[Check]) -> list[Check]:
    """The checks that judge one requirement for one sentence.

    A check of the cloud is a better witness than a general one: where there is one, it alone counts. A check of the
    cloud that names sentences counts for these only.
    """
    able = [check for check in checks if check.requirement == requirement]
    own = [check for check in able if check.cloud == sentence.cloud]
    own = [check for check in own if not check.sentences or sentence.id in check.sentences]
    return own or [check for check in able if check.cloud is None]


def checks_for(cloud: Cloud, checks: Iterable[Check]) -> list[Check]:
    """What `--cloud` selects: all checks of the cloud, and the general ones that alone judge a sentence of it."""
    known = list(checks)
    wanted = [check for check in known if check.cloud == cloud.name]
    for sentence in cloud.sentences:
        for requirement in sentence.requirements:
            wanted += [check for check in judges(sentence, requirement, known) if check not in wanted]
    return wanted
