"""Proof that checks can fail: each check's healthy twin and its mutants, played all together, once."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import conformance
from conformance.catalogue.deviations import deviations, known_deviation
from conformance.judging.check import CHECKS, Broken, Check, Mutant
from conformance.judging.evidence import Evidence, Seen, place
from conformance.judging.judge import judge
from conformance.judging.verdict import Judgement, Outcome
from conformance.selection.casting import Cast, Selection, alone, casts
from conformance.selection.cells import Cell, cells, verify
from conformance.selection.lineup import lineup
from conformance.selection.undisturbed import Judge, PlayAll, play_undisturbed
from fixtures.playing.request import PlayRequest
from fixtures.playing.window import Window
from fixtures.programs.base import Implementation
from fixtures.recording.editing import without
from fixtures.recording.model import Recording
from fixtures.recording.storage import load
from fixtures.recording.traces import as_text
from fixtures.stagecraft.base import Scenario

#: Who plays a healthy twin: who passes most comes first; everybody else who is installed comes after them.
REFERENCES: tuple[Cast, ...] = (
    {"router": "dnsmasq", "dhcpv6-server": "dnsmasq", "guest": "dhclient", "application": "asyncio-happy-eyeballs"},
    {"router": "radvd", "dhcpv6-server": "kea", "guest": "dhcpcd"},
)


def all_checks() -> dict[str, Check]:
    """All registered checks, each part for itself, by its label. Raises BadCheck."""
    for module in pkgutil.walk_packages(conformance.__path__, "conformance."):
        if module.name.rpartition(".")[2].startswith("test_"):
            importlib.import_module(module.name)
    found: dict[str, Check] = {}
    homes: dict[str, str] = {}
    for path, check in CHECKS.items():
        if path.startswith("conformance."):
            verify(check)
            home = homes.setdefault(check.name, check.function.__module__)
            assert home == check.function.__module__ and check.label not in found, (
                f"two checks are called {check.name}; -k could not tell them apart")
            found[check.label] = check
    return found


def bereft(recording: Recording, evidence: Iterable[Evidence]) -> Recording:
    """The recording as if what is cited had not been seen: a check that passed on it must not pass any more."""
    gone = {each.place for each in evidence}

    def cited_before(seen: Seen) -> bool:
        return place(seen) in gone

    marks = [mark for mark in recording.marks if cited_before(mark)]
    snapshots = [shot for shot in recording.snapshots if cited_before(shot)]
    return without(recording, frames=cited_before, events=cited_before, others=[*marks, *snapshots])


@dataclass
class Proof:
    """One check's proof: the twin that passes, and a recording for each mutant that was played.

    `tried` tells, cast by cast, why no twin passed so far; `unplayable` is what a mutant raised that cannot be played.
    """

    check: Check
    candidates: list[tuple[Scenario, Cast]]
    twin: Recording | None = None
    judgement: Judgement | None = None
    mutants: dict[str, Recording] = field(default_factory=dict)
    tried: list[str] = field(default_factory=list)
    unplayable: dict[str, Exception] = field(default_factory=dict)

    def healthy(self) -> Recording:
        """The twin. Fails the test when none passes."""
        tried = "; ".join(self.tried) or "nobody who is installed can play it"
        assert self.twin is not None, f"no healthy twin of {self.check.label} passes: {tried}"
        return self.twin

    def recording_of(self, mutant: Mutant) -> Recording:
        """The recording on which the check must fail: the edited twin, or what the broken party did.

        It is judged as what a calm host would have recorded: a stall of the play would else excuse what the edit or the
        broken party puts in. That it was no stall, the mutant's reason tells.
        """
        twin = self.healthy()
        if mutant.edit is None:
            bug = self.unplayable.get(mutant.name)
            if bug is not None:
                raise AssertionError(f"{mutant.name} was not played: {type(bug).__name__}: {bug}") from bug
            return replace(self.mutants[mutant.name], stalls=())
        changed = mutant.edit(twin)
        assert changed != twin, f"{mutant.name} changes nothing"
        return replace(changed, stalls=())


def prove(
    checks: Iterable[Check], known: Mapping[str, Implementation], into: Path, play_all: PlayAll,
    window: Window | None = None,
) -> dict[str, Proof]:
    """Play twins and mutants of these checks, all together; who has no passing twin yet is played by the next cast."""
    proofs = {check.label: Proof(check, list(candidates(check, known))) for check in checks}
    for proof in proofs.values():
        _settle_by_hand(proof)
    turn = 0
    while waiting := [proof for proof in proofs.values() if proof.twin is None and turn < len(proof.candidates)]:
        wanted = [_requests(proof, turn, known) for proof in waiting]
        once = {each.id: each for requests in wanted for each in requests.values()}
        judges: dict[str, list[Judge]] = {}
        for proof, requests in zip(waiting, wanted, strict=True):
            for each in requests.values():
                judges.setdefault(each.id, []).append(partial(judge, proof.check))
        play_undisturbed(list(once.values()), into / str(turn), play_all, judges.__getitem__, window=window)
        recordings = {id: load(into / str(turn) / id) for id in once}
        for proof, requests in zip(waiting, wanted, strict=True):
            _settle(proof, {name: recordings[request.id] for name, request in requests.items()})
        turn += 1
    return proofs


def candidates(check: Check, known: Mapping[str, Implementation]) -> Iterator[tuple[Scenario, Cast]]:
    """The scenarios and casts that may play a check's healthy twin in an ordinary run, best first.

    A scripted twin that the check declares comes first: it is there because no installed program passes. Who is known
    to deviate comes last.
    """
    for twin in check.twins:
        scripted = twin()
        if isinstance(scripted, Recording):
            continue
        everyone = next(iter(reference_casts(scripted.scenario, known)), {})
        yield scripted.scenario, {**everyone, **scripted.implementations}
    able = (cell for cell in cells(check, lambda scenario: reference_casts(scenario, known))
            if not cell.lacking(known) and not cell.why_declined(known))
    for cell in sorted(able, key=_deviates):
        yield cell.scenario, cell.cast


def _deviates(cell: Cell) -> bool:
    """Whether the cell is a known deviation."""
    programs = PlayRequest(cell.scenario, cell.cast).play.implementations
    check = cell.check
    return known_deviation(check.requirement, check.part, cell.test, programs, deviations()) is not None


def reference_casts(scenario: Scenario, known: Mapping[str, Implementation]) -> list[Cast]:
    """The installed casts of a scenario, the reference casts first."""
    installed = {name: each for name, each in known.items() if not each.missing()}
    usual = Selection({}, installed, lineup())
    everyone = casts(scenario.roles, usual, alone(scenario, usual))
    found = [cast for cast in everyone if scenario.nightly(cast) is None]
    return sorted(found, key=_distance)


def _distance(cast: Cast) -> int:
    for number, reference in enumerate(REFERENCES):
        if all(reference.get(role, name) == name for role, name in cast.items()):
            return number
    return len(REFERENCES)


_TWIN = ""


def _requests(proof: Proof, turn: int, known: Mapping[str, Implementation]) -> dict[str, PlayRequest]:
    """By mutant's name, and the twin under no name: what this check's proof needs with this turn's cast."""
    scenario, cast = proof.candidates[turn]
    requests = {_TWIN: PlayRequest(scenario, cast)}
    for mutant in proof.check.mutants:
        if mutant.play is None:
            continue
        try:
            requests[mutant.name] = request = _mutant_request(mutant.play(), cast, known)
            request.play  # noqa: B018, whoever cannot be asked for a version cannot play either
        except Exception as error:  # one mutant's bug must not take the other proofs down
            proof.unplayable[mutant.name] = error
            requests.pop(mutant.name, None)
    return requests


def _mutant_request(broken: Broken, cast: Cast, known: Mapping[str, Implementation]) -> PlayRequest:
    """The mutant's play: the twin's cast, filled up where the scenario has more roles, with the broken party in it."""
    roles = broken.scenario.roles
    missing = [role for role in roles if role not in cast and role not in broken.implementations]
    fill = next(iter(reference_casts(broken.scenario, known)), {}) if missing else {}
    players: dict[str, Any] = {role: cast.get(role, fill.get(role)) for role in roles} | dict(broken.implementations)
    return PlayRequest(broken.scenario, players, mutant=_description(broken))


def _description(broken: Broken) -> str:
    """Names the broken party; equal for equal plays, so that checks share them."""
    parties = [f"{role} {repr(who) if is_dataclass(who) else getattr(who, 'name', who)}"
               for role, who in broken.implementations.items()]
    return " and ".join(parties) or f"broken {broken.scenario.name}"


def _settle_by_hand(proof: Proof) -> None:
    """Take the twin that was made by hand, where the check has one."""
    for made in (twin() for twin in proof.check.twins):
        if isinstance(made, Recording) and proof.twin is None:
            _settle(proof, {_TWIN: made})


def _settle(proof: Proof, played: Mapping[str, Recording]) -> None:
    twin = played[_TWIN]
    judgement = judge(proof.check, twin)
    if judgement.outcome is Outcome.PASS:
        proof.twin, proof.judgement = twin, judgement
        proof.mutants = {name: recording for name, recording in played.items() if name != _TWIN}
    else:
        proof.tried.append(f"{twin.play.id}: {describe(judgement)}")


def describe(judgement: Judgement) -> str:
    """The outcome with its reason; of a bug, in the check or in the play, its traceback too."""
    lines = f"\n{as_text(judgement.trace)}" if judgement.trace else ""
    return f"{judgement.outcome}: {judgement.reason}{lines}"
