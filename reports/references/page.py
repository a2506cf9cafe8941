"""The page of a book of behaviors: what others judge, and what judges it here.

python -m reports BOOK-doc [REPORT...]   writes it, with the verdicts of these reports and of earlier ones
python -m reports BOOK-doc --check       says whether it is up to date, by its exit status too
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from reports.output import write_whole
from reports.references import verdicts
from reports.references.behaviors import Behavior, behaviors, judged_by
from reports.references.books import Book

_HEAD = """\
# {title}

<!-- Made by `python -m reports {name}-doc` from the catalogue and reports/references/. -->

{head}"""


def text(book: Book) -> str:
    """The page, as it should be."""
    known = behaviors(book)
    judged, told = judged_by(book), verdicts.kept_verdicts(book)
    groups = [_group(book.titles[group], [each for each in known if each.group == group], judged, told)
              for group in dict.fromkeys(each.group for each in known)]
    head = _HEAD.format(title=book.title, name=book.name, head=book.head)
    return "\n".join([head, _count(book, known, judged), *groups])


def outdated_pages(book: Book) -> list[Path]:
    """The page, where it is not as it should be."""
    return [] if book.page.is_file() and book.page.read_text(encoding="utf-8") == text(book) else [book.page]


def write(book: Book, reports: Iterable[Path]) -> list[Path]:
    """Take over the verdicts of these reports, and write the page. Raises ReportError and OSError."""
    parts = {part for found in judged_by(book).values() for part in found}
    said = verdicts.of_reports(book, reports, parts)
    if said:
        verdicts.keep(book, said)
    write_whole(book.page, text(book))
    return [book.page]


def _count(book: Book, known: list[Behavior], judged: Mapping[str, list[str]]) -> str:
    """How many there are, and how many of them are judged, group by group."""
    whole, done = (Counter(each.group for each in found)
                   for found in (known, [each for each in known if each.name in judged]))
    rows = [f"| {book.titles[group]} | {count} | {done[group]} |" for group, count in whole.items()]
    last = f"| all | {len(known)} | {done.total()} |"
    return "\n".join(["| group | behaviors | judged |", "|---|---|---|", *rows, last, ""])


def _group(title: str, known: list[Behavior], judged: Mapping[str, list[str]],
           told: Mapping[str, Mapping[str, str]]) -> str:
    parts = {part for each in known for part in judged.get(each.name, [])}
    programs = [name for name, verdicts_of in told.items() if parts & verdicts_of.keys()]
    rows = [f"| {each.number} | {each.text} | {_parts(each, judged)} |"
            + "".join(f" {_verdict(judged.get(each.name, []), told[name])} |" for name in programs) for each in known]
    head = f"| {known[0].group} | behavior | judged by |" + "".join(f" {name} |" for name in programs)
    return "\n".join([f"## {title}", "", head, "|---" * (3 + len(programs)) + "|", *rows, ""])


def _parts(behavior: Behavior, judged: Mapping[str, list[str]]) -> str:
    return ", ".join(judged.get(behavior.name, [])) or behavior.note or "nothing yet"


#: Verdicts that say nothing where another part judges the same.
_UNTOLD = ("not-applicable", "not-run")


def _verdict(parts: list[str], told: Mapping[str, str]) -> str:
    said = [told[part] for part in parts if part in told]
    judged = [each for each in said if each not in _UNTOLD]
    return verdicts.worst(judged or said) if said else "·"
