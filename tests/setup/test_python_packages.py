"""Missing Python packages: one sentence that names them and the way out."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import fixtures.packages

ROOT = Path(fixtures.packages.__file__).parent.parent


def test_names_what_is_not_installed() -> None:
    """Requirements in all the forms that pyproject.toml uses."""
    assert fixtures.packages.missing(["pytest>=9.0", "no-such-thing==1.0", "scapy", "nor.this_one >= 2"]) == [
        "no-such-thing", "nor.this_one"]


def test_an_interpreter_without_them_is_told_in_one_sentence(tmp_path: Path) -> None:
    """A pytest outside of the project's environment ends with status 4 and no traceback."""
    venv.create(tmp_path / "bare", symlinks=True)
    bare = tmp_path / "bare"
    site = next(bare.glob("lib/python*/site-packages"))
    for package in ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments", "py.py"):
        (site / package).symlink_to(Path(sys.modules["pytest"].__file__ or "").parent.parent / package)
    done = subprocess.run([bare / "bin" / "python", "-m", "pytest", "conformance/"], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 4
    said = [line for line in done.stderr.splitlines() if line]
    assert len(said) == 1, said
    assert "lacks Python packages that Sextant needs" in said[0]
    assert "mininet" in said[0]
    assert "script/conformance" in said[0]
