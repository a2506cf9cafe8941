"""Version ranges of real programs, whose version strings follow no one scheme."""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet

_DOTTED = re.compile(r"(?:\d+:)?v?(\d+(?:\.\d+)*)")


class BadRange(ValueError):
    """A text that is no version range; the message says what one looks like."""


def parse_range(text: str) -> SpecifierSet:
    """A range such as `>=2.80,<2.91`. Raises BadRange, also for an empty one: every deviation ends some day."""
    try:
        parsed = SpecifierSet(text)
    except InvalidSpecifier:
        parsed = SpecifierSet()
    if not list(parsed):
        raise BadRange(f"{text!r} is no version range; write one like '>=2.80,<2.91'")
    return parsed


def within(version: str, versions: SpecifierSet) -> bool:
    """Whether a program's version lies in the range, by its leading dotted numbers.

    Debian's epoch and revision, and vendors' suffixes, do not count: 1:2.90-4~deb12u1 is 2.90, 4.4.3-P1 is 4.4.3.
    """
    found = _DOTTED.search(version)
    return bool(found) and versions.contains(found[1] if found else "", prereleases=True)
