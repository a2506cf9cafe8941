"""Which checks judge a recording, and what each says of it."""

from __future__ import annotations

from conformance.judging.check import Check
from conformance.judging.judge import judge
from conformance.judging.verdict import Judgement
from fixtures.recording.model import Recording
from tests.conformance.proof import all_checks


class Bench:
    """All checks, found by the play that they judge."""

    def __init__(self) -> None:
        self._checks = list(all_checks().values())

    def checks(self, recording: Recording) -> list[Check]:
        """Those of this play, and the passive ones of every party in it."""
        play = recording.play
        return [check for check in self._checks if check.role in play.nodes and (check.passive or any(
            scenario.name == play.scenario and dict(scenario.options) == dict(play.options)
            for scenario in check.scenarios))]

    def judgements(self, recording: Recording) -> dict[str, Judgement]:
        """What each of them says, by its label."""
        return {check.label: judge(check, recording) for check in self.checks(recording)}
