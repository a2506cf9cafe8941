"""One report out of the reports of all shards of a run: the one that a single machine would have made."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from reports.build import build
from reports.document.compliance import Compliance, Run, Shard, by_name, by_requirement, load
from reports.document.recordings import FOLDER
from reports.document.sentences import judge_sentences
from reports.errors import ReportError
from reports.history import before
from reports.output import ReportDirectory, link_tree


def merge(directories: Sequence[Path], into: Path) -> Compliance:
    """Join the shards' reports into a report at `into`, in place of an older one. Raises ReportError."""
    documents = {directory: load(directory / "compliance.json") for directory in directories}
    _demand_one_run(documents)
    joined = _join(list(documents.values()))
    target = ReportDirectory(into)
    target.claim()
    try:
        for directory in documents:
            _bring(directory / FOLDER, target.staging / FOLDER)
        before.carry(target.path, target.staging)
        build(joined, target.staging, previous=before.previous(target.path))
        target.publish()
    finally:
        target.discard()
        target.release()
    return joined


def _demand_one_run(documents: dict[Path, Compliance]) -> None:
    """Raises ReportError unless these are all the shards of one run, each once."""
    shards = {directory: _shard(directory, document) for directory, document in documents.items()}
    (first, model), *rest = shards.items()
    for directory, shard in rest:
        for key, differing in _DIFFERING.items():
            if shard[key] != model[key]:  # type: ignore[literal-required]
                raise ReportError(f"{first} and {directory} are no parts of one run: {differing}")
    by_index: dict[int, Path] = {}
    for directory, shard in shards.items():
        if shard["index"] in by_index:
            raise ReportError(
                f"{by_index[shard['index']]} and {directory} are both shard {shard['index']}/{shard['number']};"
                " name each shard once."
            )
        by_index[shard["index"]] = directory
    lacking = [f"{index}/{model['number']}" for index in range(1, model["number"] + 1) if index not in by_index]
    if lacking:
        raise ReportError(f"shard {', '.join(lacking)} is missing; name the reports of all {model['number']} shards.")
    _demand_no_overlap(documents)


_DIFFERING = {
    "number": "they were split into different numbers of shards; run them with the same N in --shard I/N.",
    "suite": "they were made by different states of the suite; run all shards from the same commit.",
    "selection": "different cells were selected; run all shards with the same options, and with the same programs"
    " installed where --matrix or `all` chooses among them.",
}


def _shard(directory: Path, document: Compliance) -> Shard:
    shard = document["run"].get("shard")
    if shard is None:
        raise ReportError(f"{directory} is no report of a shard; run the suite with --shard I/N.")
    return shard


def _demand_no_overlap(documents: dict[Path, Compliance]) -> None:
    seen: dict[str, Path] = {}
    for directory, document in documents.items():
        for verdict in document["verdicts"]:
            if verdict["test"] in seen:
                raise ReportError(
                    f"{seen[verdict['test']]} and {directory} both judge {verdict['test']}; one of them was edited:"
                    " run that shard again."
                )
            seen[verdict["test"]] = directory


def _join(documents: list[Compliance]) -> Compliance:
    documents = sorted(documents, key=lambda each: each["run"]["shard"]["index"])
    verdicts = sorted((each for document in documents for each in document["verdicts"]), key=by_requirement)
    model = documents[0]
    found = {**model, "run": _run([each["run"] for each in documents]), "verdicts": verdicts}
    found["figures"] = sorted((each for document in documents for each in document["figures"]), key=by_name)
    if "sentences" in model:
        found["sentences"] = judge_sentences(model["sentences"], model["requirements"], verdicts)
    return found  # type: ignore[return-value]


def _run(runs: list[Run]) -> Run:
    """The facts of all shards as those of one run: from the first start to the last end, with all CPU time."""
    begins = [datetime.datetime.fromisoformat(run["started"]).timestamp() for run in runs]
    ends = [begin + run["duration_s"] for begin, run in zip(begins, runs, strict=True)]
    stalls = [stall for run in runs if (stall := run.get("stall_s")) is not None]
    again = [each for run in runs for each in run.get("played_again", [])]
    stopped = [f"shard {run['shard']['index']}: {run['stopped']}" for run in runs if run.get("stopped")]
    found: Run = {
        "started": min(run["started"] for run in runs),
        "duration_s": round(max(ends) - min(begins), 3),
        "cpu_s": round(sum(run["cpu_s"] for run in runs), 3),
        "kernel": ", ".join(dict.fromkeys(run["kernel"] for run in runs)),
        "workers": sum(run["workers"] for run in runs),
        "command": _unsharded(runs[0]["command"]),
        "selected": sum(run.get("selected", 0) for run in runs),
        "stopped": "; ".join(stopped) or None,
        "stall_s": max(stalls, default=None),
        "shards": len(runs),
    }
    if again:
        found["played_again"] = sorted(again, key=lambda each: each["recording"])
    return found


def _unsharded(command: str) -> str:
    """The command that would have made the whole report."""
    words = iter(shlex.split(command))
    kept = []
    for word in words:
        if word == "--shard":
            next(words, None)
        elif not word.startswith("--shard="):
            kept.append(word)
    return shlex.join(kept)


def _bring(source: Path, target: Path) -> None:
    """The recordings of a shard; one without any has no directory."""
    try:
        for entry in _entries(source):
            link_tree(entry, target / entry.name)
    except OSError as error:
        raise ReportError(f"cannot bring the recordings of {source} together: {error.strerror or error}.") from error


def _entries(folder: Path) -> Iterable[Path]:
    return [entry for entry in folder.iterdir() if not entry.name.startswith(".")] if folder.is_dir() else []
