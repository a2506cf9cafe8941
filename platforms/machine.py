"""How this host reaches packages, so that a root on it reaches them in the same way: apt's and pip's own settings.

Nothing is decided here: mirrors, proxies and certificates are those that whoever set the machine up has named.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from platforms.known import Archive

#: Settings of apt that say how an archive is reached and what of it is believed (apt.conf(5), apt-transport-https(1)).
_REACHING = re.compile(r"Acquire::(https?|Check-|ForceIPv|Max-FutureTime|Retries)[\w:.-]* \"")
#: Variables that say the same to pip, curl and others.
_VARIABLES = re.compile(r"PIP_\w+|(https?|all|no)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE", re.IGNORECASE)
_SETTINGS = Path("/etc")
#: Certificates that the machine's administrator has added.
_CERTIFICATES = "/usr/local/share/ca-certificates"


def mirrors(told: str) -> dict[tuple[str, str], str]:
    """Origin and label of a Release file -> the mirror that this host uses.

    `told` is what `apt-get indextargets` says in MIRRORS_FORMAT. What is no mirror on the network is left out.
    """
    found: dict[tuple[str, str], str] = {}
    for line in told.splitlines():
        origin, label, address = ([*line.split("|"), "", ""])[:3]
        if address.startswith(("http:", "https:")):
            found.setdefault((origin, label), address.rstrip("/"))
    return found


MIRRORS_FORMAT = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"


def mirror_of(archive: Archive) -> str:
    """This machine's own mirror of the archive, else everybody's."""
    return _own_mirrors().get((archive.origin, archive.label), archive.mirror)


@cache
def _own_mirrors() -> dict[tuple[str, str], str]:
    return mirrors(_output_of(["apt-get", "indextargets", "--format", MIRRORS_FORMAT]))


def apt_settings(dump: str | None = None) -> list[str]:
    """The lines of an apt.conf that say how this host reaches archives; `dump` is what `apt-config dump` says."""
    lines = (_output_of(["apt-config", "dump"]) if dump is None else dump).splitlines()
    return [line for line in lines if _REACHING.match(line)]


def environment(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that a program in a root needs to reach what this host reaches."""
    return {name: value for name, value in variables.items() if _VARIABLES.fullmatch(name)}


def pip_settings(told: str | None = None) -> dict[str, dict[str, str]]:
    """Section -> key -> value of this host's pip.conf files; `told` is what `pip config list` says."""
    if told is None:
        told = _output_of([sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"])
    found: dict[str, dict[str, str]] = {}
    for section, key, value in re.findall(r"^([\w-]+)\.([\w-]+)='(.*)'$", told, re.MULTILINE):
        found.setdefault(section, {})[key] = value
    return found


def paths_in(values: Iterable[str]) -> list[Path]:
    """The files and directories of this host that settings name, as paths or file:// addresses.

    The files of a mirror's `simple` index lie beside it (PEP 503), so the mirror is meant.
    """
    words = (word.removeprefix("file://").rstrip("/") for value in values for word in value.split())
    paths = {Path(word.removesuffix("/simple")) for word in words if word.startswith("/")}
    return sorted(path for path in paths if path.exists())


def furnish(root: Path) -> list[Path]:
    """Put the machine's settings into a root; returns the directories that they name, to be bound where they are.

    None of them lies in /etc: a root has its own, and an ordinary user cannot lay anything over a directory in which
    somebody else has mounted something.
    """
    pip, variables = pip_settings(), environment()
    _write(root / "etc/resolv.conf", Path("/etc/resolv.conf").read_text())
    _write(root / "etc/pip.conf", "".join(
        f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        for section, values in pip.items()
    ))
    named = paths_in([*(value for values in pip.values() for value in values.values()), *variables.values()])
    for file in [*(path for path in named if path.is_file()), *Path(_CERTIFICATES).glob("*.crt")]:
        there = root / file.relative_to("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, there)
    return [path for path in named if path.is_dir() and _SETTINGS not in path.parents]


def _write(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)  # it may be a link that leads out of the root
    file.write_text(text)


def _output_of(argv: list[str]) -> str:
    try:
        return subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    except OSError:  # a system without apt
        return ""
