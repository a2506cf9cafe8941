"""Debian's source packages for the worked examples of docs/bring-your-own.md, fetched into the user's cache.

    python -m tests.brought.sources [--again]        # what script/test does; tests have no network

What could not be had is not asked for again, unless told to. Nothing is installed; this host's apt stays as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fixtures.machines.kernels import cache

#: What `apt-get source` is asked for in the examples.
PACKAGES = ("radvd", "dhcpcd-base")
#: The programs that it takes to build them at all.
BUILDERS = ("apt-get", "dpkg-source", "cc", "make")
#: In a package's folder, where there are no sources: why not.
WHY_NOT = "why-not"
#: Seconds: a mirror that does not answer is none.
ANSWERS = 20


def folder(package: str) -> Path:
    """Where the sources of a package lie, or why they do not."""
    return cache() / "sources" / package


def fetch(packages: list[str]) -> None:
    """Fetch what is not there; a package that cannot be had leaves the reason."""
    with tempfile.TemporaryDirectory(prefix="sextant-sources-") as place:
        environment = {**os.environ, "APT_CONFIG": str(_configure(Path(place))), "LC_ALL": "C"}
        update = subprocess.run(["apt-get", "update"], env=environment, capture_output=True, text=True)
        for package in packages:
            shutil.rmtree(folder(package), ignore_errors=True)
            folder(package).mkdir(parents=True)
            done = update if update.returncode else subprocess.run(
                ["apt-get", "source", "--download-only", package], cwd=folder(package), env=environment,
                capture_output=True, text=True)
            if done.returncode:
                shutil.rmtree(folder(package))  # what came of it is of no use
                folder(package).mkdir()
                said = [line for line in done.stderr.splitlines() if line.startswith("E: ")] or ["apt-get failed"]
                (folder(package) / WHY_NOT).write_text(said[0])
                print(f"sextant: no sources of {package} ({said[0]}): its worked example is not tested",
                      file=sys.stderr)


def _configure(place: Path) -> Path:
    """A configuration of apt that knows the sources of this host's Debian archive, and keeps everything below."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (place / name).mkdir(parents=True)
    known = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)",
                            "Created-By: Packages"], capture_output=True, text=True).stdout
    (place / "sources.list").write_text("".join(sorted(
        {f"deb-src {line}\n" for line in known.splitlines() if re.search(r"/debian/? [a-z]+ main$", line)})))
    (place / "apt.conf").write_text(
        f'Dir::State "{place}/state"; Dir::State::status "/var/lib/dpkg/status"; Dir::Cache "{place}/cache";\n'
        f'Dir::Etc::sourcelist "{place}/sources.list"; Dir::Etc::sourceparts "/dev/null";\n'
        f'Acquire::Retries "0"; Acquire::http::Timeout "{ANSWERS}"; Acquire::https::Timeout "{ANSWERS}";\n'
        'APT::Sandbox::User "root"; APT::Update::Error-Mode "any";\n')
    return place / "apt.conf"


def main(words: list[str]) -> None:
    """Fetch what is missing, where it can be built."""
    if all(map(shutil.which, BUILDERS)):
        missing = [each for each in PACKAGES if not list(folder(each).glob("*.dsc"))
                   and ("--again" in words or not (folder(each) / WHY_NOT).exists())]
        if missing:
            fetch(missing)


if __name__ == "__main__":
    main(sys.argv[1:])
