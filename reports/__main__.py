"""`python -m reports DIRECTORY` makes the pages of a report again from its compliance.json and its recordings.

`python -m reports clouds-doc` makes docs/clouds.md again, and `--check` only says whether it is up to date.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reports.allure_page import generate
from reports.build import rebuild
from reports.errors import ReportError


def main(arguments: list[str]) -> int:
    """Exit status 4 when there is nothing to make pages of."""
    if arguments[:1] == ["clouds-doc"]:
        return clouds_doc(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="python -m reports",
        description="Make the pages of a report again.",
        epilog="python -m reports clouds-doc [--check]: make docs/clouds.md again, or only compare it.",
    )
    parser.add_argument("directory", type=Path, help="the directory that holds compliance.json")
    directory = parser.parse_args(arguments).directory
    try:
        rebuild(directory)
    except ReportError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 4
    print(directory / "index.html")
    print(generate(directory))
    return 0


def clouds_doc(arguments: list[str]) -> int:
    """Exit status 1 when `--check` finds something out of date."""
    from reports import clouds_doc

    parser = argparse.ArgumentParser(prog="python -m reports clouds-doc", description="Make docs/clouds.md again.")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 when a file is out of date")
    if not parser.parse_args(arguments).check:
        for path in clouds_doc.write():
            print(path)
        return 0
    stale = clouds_doc.outdated()
    for path in stale:
        print(f"{path} is out of date: python -m reports clouds-doc", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
