"""allure.html: Allure's own page as one offline file, where Allure is installed (Node or Java runs it).

Allure 2 (npm `allure-commandline`, Java) and Allure 3 (npm `allure`, Node 20 or newer) are both understood. Both put
a tracker of Google Analytics into every page; it is taken out before the page is kept.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from reports.allure.results import FOLDER

PAGE = "allure.html"
OWN = Path(__file__).parents[2] / ".setup" / "allure" / "node_modules" / ".bin" / "allure"

#: Seconds after which Allure is given up.
PATIENCE = 60.0

_BEGIN, _END = re.compile(r"<script\b[^>]*>", re.IGNORECASE), re.compile(r"</script>", re.IGNORECASE)
_SIGNS = ("googletagmanager.com", "gtag(")
_SHORT = 4000


def find_allure() -> Path | None:
    """The `allure` command that the set-up brought, or the machine's own; None when there is none."""
    if os.access(OWN, os.X_OK):
        return OWN
    found = shutil.which("allure")
    return Path(found) if found else None


def generate(directory: Path) -> str:
    """Write `allure.html` beside `allure-results/`; returns its path, or one sentence that says why there is none."""
    allure = find_allure()
    if allure is None:
        return "no allure.html: `allure` is not here (script/setup brings it where npm and Java or Node 20 are)"
    if not _runnable(allure):
        return f"no allure.html: {allure} needs Java or Node, which is not installed"
    with tempfile.TemporaryDirectory(prefix=f".{directory.name}.allure.", dir=directory.parent) as scratch:
        made = Path(scratch) / "page"
        try:
            _run(allure, directory / FOLDER, made, Path(scratch))
            text = without_tracker((made / "index.html").read_text(encoding="utf-8"))
            (made / PAGE).write_text(text, encoding="utf-8")
            (made / PAGE).rename(directory / PAGE)
        except subprocess.TimeoutExpired:
            return f"no allure.html: {allure} did not end within {PATIENCE:g} s"
        except subprocess.CalledProcessError as error:
            return f"no allure.html: {allure} failed: {_last_line(error.stderr or error.stdout)}"
        except OSError as error:
            return f"no allure.html: {error.strerror or error}"
    return str(directory / PAGE)


def without_tracker(page: str) -> str:
    """The page without the scripts that report its use."""
    kept, at, past = [], 0, 0
    for begin in _BEGIN.finditer(page):
        if begin.start() < past:  # said by the script before
            continue
        end = _END.search(page, begin.end())
        if end is None:
            break
        past = end.end()
        script = page[begin.start():end.end()] if end.end() - begin.start() < _SHORT else ""
        if any(sign in script for sign in _SIGNS):
            kept.append(page[at:begin.start()])
            at = past
    return "".join([*kept, page[at:]])


def _run(allure: Path, results: Path, into: Path, home: Path) -> None:
    """Run the generator, without letting it phone home or write elsewhere. Raises what subprocess and the disk do."""
    second = "allure-commandline" in str(allure.resolve()) or _version(allure, home).startswith("2.")
    words = (
        ["generate", str(results), "--clean", "--single-file", "-o", str(into)]
        if second
        else ["awesome", str(results), "--single-file", "-o", str(into)]
    )
    told = {"ALLURE_NO_ANALYTICS": "1", "HOME": str(home), "JAVA_OPTS": "-XX:TieredStopAtLevel=1"}
    subprocess.run(
        [str(allure), *words],
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=home,
        env=os.environ | told,
        stdin=subprocess.DEVNULL,
    )


def _version(allure: Path, home: Path) -> str:
    return subprocess.run(
        [str(allure), "--version"],
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=home,
        stdin=subprocess.DEVNULL,
    ).stdout.strip()


def _runnable(allure: Path) -> bool:
    """Allure 2's launcher needs Java; a script of Node needs Node."""
    if "allure-commandline" in str(allure.resolve()):
        return bool(shutil.which("java") or os.environ.get("JAVA_HOME"))
    first = allure.resolve().read_bytes()[:64].splitlines()[:1]
    return b"node" not in b"".join(first) or shutil.which("node") is not None


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "it said nothing")
