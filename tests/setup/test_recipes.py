"""The recipes for continuous integration: what their engines accept, what their shells do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.setup.listing import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
GITLAB = ROOT / ".gitlab-ci.yml"
KUBERNETES = ROOT / "docs/ci/kubernetes.yaml"


def parse(path: Path) -> list[Any]:
    return list(YAML(typ="safe", pure=True).load_all(path))


def job_of_kubernetes() -> Any:
    return next(each for each in parse(KUBERNETES) if each["kind"] == "Job")["spec"]


def shell_of(path: Path) -> list[str]:
    """Every piece of shell in a recipe."""
    if path in WORKFLOWS:
        steps = [step for job in parse(path)[0]["jobs"].values() for step in job["steps"]]
        return [re.sub(r"\$\{\{.*?\}\}", "1", step["run"]) for step in steps if "run" in step]
    if path == GITLAB:
        jobs = [job for job in parse(path)[0].values() if isinstance(job, dict)]
        return ["\n".join(job["script"]) for job in jobs if "script" in job]
    return [job_of_kubernetes()["template"]["spec"]["containers"][0]["args"][0]]


@pytest.mark.parametrize("path", [*WORKFLOWS, GITLAB, KUBERNETES], ids=lambda path: path.name)
def test_the_shell_accepts_what_a_recipe_runs(path: Path) -> None:
    pieces = shell_of(path)
    assert pieces
    for text in pieces:
        done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), text


@pytest.mark.parametrize("path", [*WORKFLOWS, GITLAB, KUBERNETES], ids=lambda path: path.name)
def test_a_recipe_runs_commands_that_there_are(path: Path) -> None:
    found = re.findall(r"(?<![\w/.])(?:script|\.ci)/\w+", "\n".join(shell_of(path)))
    assert found
    assert all((ROOT / command).is_file() for command in found)


@pytest.mark.parametrize(
    ("schema", "paths"),
    [("vendor.github-workflows", WORKFLOWS), ("vendor.gitlab-ci", [GITLAB])],
    ids=["github", "gitlab"],
)
def test_the_engines_own_schema_accepts_it(schema: str, paths: list[Path]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_github_counts_its_shards_from_one_and_without_a_gap() -> None:
    shards = parse(ROOT / ".github/workflows/matrix.yml")[0]["jobs"]["shard"]["strategy"]["matrix"]["shard"]
    assert shards == list(range(1, len(shards) + 1))


@pytest.fixture
def pod(tmp_path: Path) -> Path:
    """A working directory whose commands only say with what they were called."""
    (tmp_path / "script").mkdir()
    for name in ("conformance", "merge"):
        command = tmp_path / "script" / name
        command.write_text(f'#!/bin/sh\necho {name} "$@"\n')
        command.chmod(0o755)
    return tmp_path


def test_a_kubernetes_job_has_a_pod_for_each_shard_and_one_that_merges(pod: Path) -> None:
    job = job_of_kubernetes()
    variables = {each["name"]: each.get("value") for each in job["template"]["spec"]["containers"][0]["env"]}
    shards = int(variables["SHARDS"])
    assert job["completionMode"] == "Indexed"
    assert job["completions"] == job["parallelism"] == shards + 1
    told = []
    for index in range(job["completions"]):
        given = {"SHARDS": str(shards), "JOB_COMPLETION_INDEX": str(index), "REPORTS": str(pod), "RUN": "run"}
        (pod / "run" / f"shard-{index + 1}").mkdir(parents=True)
        (pod / "run" / f"shard-{index + 1}" / "compliance.json").touch()
        told.append(subprocess.run(["sh", "-euc", shell_of(KUBERNETES)[0]], cwd=pod, env=os.environ | given, text=True,
                                   capture_output=True, check=True).stdout.split())
    for number, words in enumerate(told[:-1], 1):
        assert words[0] == "conformance"
        assert words[words.index("--shard") + 1] == f"{number}/{shards}"
        assert words[words.index("--report-dir") + 1] == f"{pod}/run/shard-{number}"
    assert told[-1][0] == "merge" and told[-1][-2:] == ["--into", f"{pod}/run/report"]
    assert {f"{pod}/run/shard-{number}" for number in range(1, shards + 1)} <= set(told[-1])


def test_a_kubernetes_pod_is_an_ordinary_users() -> None:
    spec = job_of_kubernetes()["template"]["spec"]
    assert spec["securityContext"]["runAsNonRoot"] and spec["hostUsers"] is False
    for container in spec["containers"]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False and context["capabilities"] == {"drop": ["ALL"]}
        assert "privileged" not in context
