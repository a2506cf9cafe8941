"""`python -m reports DIRECTORY` makes the pages of a report again from its compliance.json and its recordings.

`python -m reports merge DIRECTORY...` joins the reports of all shards of a run into one.
`python -m reports diff OLD NEW` says what changed from one run to another (script/diff).
`python -m reports durations DIRECTORY...` writes how long plays last, by which shards are balanced.
`python -m reports clouds-doc` makes docs/clouds.md again, and `--check` only says whether it is up to date.
`requirements-doc` does so with docs/requirements.md.
`python -m reports ipv6-ready-doc [REPORT...]` makes docs/ipv6-ready.md again, with the verdicts of these reports,
`ipv6-ready-router-doc` docs/ipv6-ready-router.md, and `dhcpv6-doc` docs/dhcpv6.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NoReturn

from reports.allure.page import generate
from reports.build import rebuild
from reports.errors import ReportError

#: Where a report goes that names no place.
DEFAULT = Path("reports") / "out"


class _Parser(argparse.ArgumentParser):
    """argparse whose complaints are one sentence, with the project's exit status for bad input."""

    def error(self, message: str) -> NoReturn:
        self.exit(4, f"ERROR: {message}; {self.prog} --help says what it takes.\n")


def main(arguments: list[str]) -> int:
    """Exit status 4 when there is nothing to make pages of."""
    if arguments and arguments[0] in _COMMANDS:
        return _COMMANDS[arguments[0]](arguments[1:])
    parser = _Parser(
        prog="python -m reports",
        description="Make the pages of a report again.",
        epilog="Other commands, each with its own --help: diff, merge, durations, clouds-doc, requirements-doc,"
               " ipv6-ready-doc, ipv6-ready-router-doc, dhcpv6-doc.",
    )
    parser.add_argument("directory", type=Path, help="the directory that holds compliance.json")
    parser.add_argument("--single-file", action="store_true", help="write sextant.html, too: one file to mail")
    given = parser.parse_args(arguments)
    directory = given.directory
    try:
        rebuild(directory, given.single_file)
    except ReportError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 4
    print(directory / "index.html")
    print(generate(directory))
    return 0


def made_doc(name: str, arguments: list[str]) -> int:
    """A page that is made of the catalogue alone. Exit status 1 when `--check` finds something out of date."""
    from reports import clouds_doc, requirements_doc

    write, outdated = {"clouds": (clouds_doc.write, clouds_doc.outdated_files),
                       "requirements": (requirements_doc.write, requirements_doc.outdated_pages)}[name]
    parser = _Parser(prog=f"python -m reports {name}-doc", description=f"Make docs/{name}.md again.")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 when a file is out of date")
    if not parser.parse_args(arguments).check:
        for path in write():
            print(path)
        return 0
    stale = outdated()
    for path in stale:
        print(f"{path} is out of date: python -m reports {name}-doc", file=sys.stderr)
    return 1 if stale else 0


def book_doc(name: str, arguments: list[str]) -> int:
    """Exit status 1 when `--check` finds the page out of date, 4 when a report cannot be read."""
    from reports.references import page
    from reports.references.books import BOOKS

    book = BOOKS[name]
    parser = _Parser(prog=f"python -m reports {name}-doc", description=f"Make docs/{name}.md again.")
    parser.add_argument("directory", type=Path, nargs="*", help="a report whose verdicts are taken over")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 when the page is out of date")
    given = parser.parse_args(arguments)
    if given.check:
        stale = page.outdated_pages(book)
        for path in stale:
            print(f"{path} is out of date: python -m reports {name}-doc", file=sys.stderr)
        return 1 if stale else 0
    try:
        for path in page.write(book, given.directory):
            print(path)
    except ReportError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 4
    return 0


def merge(arguments: list[str]) -> int:
    """Exit status 4 when the reports are not all shards of one run."""
    from reports.document import merge as merging
    from reports.document.cells import named_cells
    from reports.site.headline import headline

    parser = _Parser(prog="script/merge", description="Join the reports of all shards.")
    parser.add_argument("directory", type=Path, nargs="+", help="the report of a shard, made with --shard I/N")
    where = f"where the joined report goes, in place of the last one (default: {DEFAULT})"
    parser.add_argument("--into", type=Path, default=DEFAULT, metavar="DIR", help=where)
    given = parser.parse_args(arguments)
    try:
        document = merging.merge(given.directory, given.into)
    except ReportError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 4
    told = headline(document, named_cells(document["verdicts"])).sentence
    print(f"{document['run']['shards']} shards, {len(document['verdicts'])} verdicts: {told}")
    print(f"report: {given.into / 'index.html'}")
    print(generate(given.into))
    return 0


def durations(arguments: list[str]) -> int:
    """Exit status 4 when there is no recording."""
    from reports.document import durations as lasting

    what = "Bring conformance/selection/durations.toml up to date from the recordings of reports."
    parser = _Parser(prog="python -m reports durations", description=what)
    parser.add_argument("directory", type=Path, nargs="+", help="a report")
    try:
        print(lasting.write(parser.parse_args(arguments).directory))
    except ReportError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 4
    return 0


def diff(arguments: list[str]) -> int:
    """Exit status 1 when something got worse, 4 when a run cannot be read."""
    from reports.document.compliance import load
    from reports.history import telling
    from reports.history.difference import difference

    parser = _Parser(prog="script/diff", description="Say what changed from one run to another.")
    for name in ("old", "new"):
        parser.add_argument(name, type=Path, help="a report, or its compliance.json")
    formats = {"text": telling.as_text, "markdown": telling.as_markdown, "html": telling.as_html}
    parser.add_argument("--format", choices=formats, default="text", help="what to write to standard output")
    given = parser.parse_args(arguments)
    try:
        old, new = (load(path / "compliance.json" if path.is_dir() else path) for path in (given.old, given.new))
    except ReportError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 4
    found = difference(old, new)
    sys.stdout.write(formats[given.format](found))
    return 1 if found.got_worse else 0


_COMMANDS: Mapping[str, Callable[[list[str]], int]] = {
    "clouds-doc": partial(made_doc, "clouds"), "requirements-doc": partial(made_doc, "requirements"),
    "ipv6-ready-doc": partial(book_doc, "ipv6-ready"),
    "ipv6-ready-router-doc": partial(book_doc, "ipv6-ready-router"),
    "dhcpv6-doc": partial(book_doc, "dhcpv6"), "merge": merge, "durations": durations, "diff": diff,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
