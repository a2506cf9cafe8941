"""compliance.json keeps to its schema, and says clearly when a file is none."""

import json
from pathlib import Path

import jsonschema
import pytest

from reports.document import catalogue_rows, compliance
from reports.document.facts import run_facts
from reports.errors import ReportError
from tests.reports.synthetic import document


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    text = json.loads(compliance.SCHEMA_FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(text)
    return jsonschema.Draft202012Validator(text)


def test_a_document_keeps_to_the_schema(schema: jsonschema.Draft202012Validator) -> None:
    schema.validate(json.loads(compliance.dumps(document(80))))


def test_the_real_catalogue_and_run_keep_to_the_schema(schema: jsonschema.Draft202012Validator) -> None:
    real = {"requirements": catalogue_rows.requirements(), "families": catalogue_rows.families(),
            "run": run_facts(["-k", "a b"], 1)}
    made = document(8) | real
    assert len(catalogue_rows.requirements()) > 200
    schema.validate(json.loads(json.dumps(made)))


@pytest.mark.parametrize(
    "broken",
    [
        {"verdict": "passed"},
        {"cloud": "azure"},
        {"implementations": {"client": {"name": "x", "version": "1"}}},
        {"implementations": {"guest": {"name": "x"}}},
        {"evidence": [{"kind": "packet"}]},
        {"reason": None},
    ],
)
def test_other_words_are_refused(schema: jsonschema.Draft202012Validator, broken: dict[str, object]) -> None:
    made = document(1)
    made["verdicts"][0].update(broken)  # type: ignore[typeddict-item]
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(made)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    made = document(64)
    (tmp_path / "compliance.json").write_text(compliance.dumps(made))
    assert compliance.load(tmp_path / "compliance.json") == made


def test_each_verdict_has_a_line_of_its_own() -> None:
    lines = compliance.dumps(document(64)).splitlines()
    assert sum('"reproduce"' in line for line in lines) == 64


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot read"),
        ("{", "is not JSON"),
        ("[]", "is no compliance.json; name the directory of a report."),
        ('{"schema": 9}', "has schema 9"),
        ('{"schema": 1, "run": {}}', "lacks requirements, verdicts, figures"),
    ],
)
def test_a_file_that_is_none_gives_one_sentence(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "compliance.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ReportError, match=says) as caught:
        compliance.load(path)
    assert len(str(caught.value).splitlines()) == 1
