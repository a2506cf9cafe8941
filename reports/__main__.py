"""`python -m reports DIRECTORY`: makes the pages of a report again from its compliance.json and its recordings."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reports.allure_page import generate
from reports.build import rebuild
from reports.errors import ReportError


def main() -> int:
    """Exit status 4 when there is nothing to make pages of."""
    parser = argparse.ArgumentParser(prog="python -m reports", description="Make the pages of a report again.")
    parser.add_argument("directory", type=Path, help="the directory that holds compliance.json")
    directory = parser.parse_args().directory
    try:
        rebuild(directory)
    except ReportError as error:
        print(f"ERROR: {error}", file=sys.stderr)
        return 4
    print(directory / "index.html")
    print(generate(directory))
    return 0


if __name__ == "__main__":
    sys.exit(main())
