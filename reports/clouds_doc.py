"""docs/clouds.md and its pictures, made of the topologies, the sentences and the checks; none is written by hand.

python -m reports clouds-doc            writes them
python -m reports clouds-doc --check    says whether they are up to date, by its exit status too
"""

from __future__ import annotations

from pathlib import Path

from reports.document import catalogue_rows
from reports.document.compliance import Cloud, Requirement, Sentence
from reports.document.sentences import judges
from reports.drawing.pictures import draw
from reports.output import write_whole

DOCS = Path(__file__).parent.parent / "docs"

_HEAD = """\
# The five clouds

<!-- Made by `python -m reports clouds-doc` from topologies/, conformance/catalogue/traceability/ and the checks. -->

Each of these systems has a document that promises IPv6. Its sentences stand here in our own words, each with the
requirements that judge it and the checks that do. `script/conformance --cloud NAME` judges one document, and
`script/lab NAME` opens its topology.

What a cloud's own control plane does is a small model in the open (`fixtures/clouds/`) that programs real kernels and
real daemons. Nothing judges the model by the model: its answer counts only where it must refuse; every acceptance is
proved by traffic and by the kernels' state.

A check of the cloud itself (**bold**) is the better witness: where there is one, the general checks of that requirement
do not count for the sentence.
"""


def files() -> dict[Path, str]:
    """Every file of this documentation, as it should be."""
    requirements = {each["id"]: each for each in catalogue_rows.requirements()}
    sentences = catalogue_rows.sentences()
    made: dict[Path, str] = {}
    parts = [_HEAD]
    for cloud in catalogue_rows.clouds():
        if cloud["topology"] is not None:
            made[DOCS / "clouds" / f"{cloud['name']}.svg"] = draw(cloud["topology"])
        parts.append(_chapter(cloud, [each for each in sentences if each["cloud"] == cloud["name"]], requirements))
    return {DOCS / "clouds.md": "\n".join(parts), **made}


def outdated_files() -> list[Path]:
    """The files that are not as they should be."""
    return [path for path, text in files().items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def write() -> list[Path]:
    """Write every file; returns them. Raises OSError."""
    made = files()
    for path, text in made.items():
        path.parent.mkdir(exist_ok=True)
        write_whole(path, text)
    return list(made)


def _chapter(cloud: Cloud, sentences: list[Sentence], requirements: dict[str, Requirement]) -> str:
    name, title = cloud["name"], cloud["title"]
    picture = f"![Topology of {title}](clouds/{name}.svg)" if cloud["topology"] else "No topology of its own yet."
    rows = [
        f"| {each['id'].rpartition('-')[2]} | {each['text']} | {_verdict_on(each, requirements)} |" for each
            in sentences
    ]
    head = [
        f"## {title}",
        f"{cloud['document']}.",
        picture,
        f"Real: {'; '.join(cloud['real'])}.",
        f"Modelled: {'; '.join(cloud['modelled'])}.",
    ]
    return "\n".join(["\n\n".join(head), "", f"| {name}- | sentence | judged by |", "|---|---|---|", *rows, ""])


def _verdict_on(sentence: Sentence, requirements: dict[str, Requirement]) -> str:
    if sentence["not_testable"]:
        return f"cannot be tested: {sentence['not_testable']}"
    found = []
    for id in sentence["requirements"]:
        checks = [
            f"**`{each['test']}`**" if each.get("cloud") else f"`{each['test']}`"
            for each in judges(sentence, requirements[id])
        ]
        found.append(f"{id}: {', '.join(checks) or 'nothing yet'}")
    return "<br>".join(found)
