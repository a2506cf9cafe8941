"""Reads script/packages.txt as the commands do."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def listing() -> dict[str, dict[str, str]]:
    """Section -> program -> Debian package."""
    sections: dict[str, dict[str, str]] = {}
    programs: dict[str, str] = {}
    for line in (ROOT / "script/packages.txt").read_text().splitlines():
        if line.startswith("["):
            programs = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            program, package, *_ = line.split()
            programs[program] = package
    return sections
