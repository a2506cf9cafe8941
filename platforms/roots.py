"""Makes minimal roots with mmdebstrap and keeps them in the user's cache."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fixtures.machines.kernels import cache
from platforms import machine
from platforms.known import KEYRINGS, Archive, Platform, PlatformError

#: The ordinary user of every root.
USER, UID = "sextant", 1000


def home() -> Path:
    """Where roots and what was played in them lie; only their owner may look in, since roots have set-uid programs."""
    folder = cache() / "platforms"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


@contextmanager
def hold(name: str) -> Iterator[None]:
    """Nobody else uses the root of that name meanwhile. Raises PlatformError when somebody does."""
    with open(home() / f"{name}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PlatformError("another script/platforms is at work in its root.") from error
        yield


def make_root(platform: Platform) -> Path:
    """The platform's root, made where it is not there yet. Raises PlatformError."""
    root = home() / platform.name
    if not root.exists():
        with tempfile.TemporaryDirectory(prefix=".making-", dir=home(), ignore_cleanup_errors=True) as making:
            fresh = Path(making) / "root"
            _bootstrap(platform, fresh, ["--variant=minbase", "--include=apt"])  # Ubuntu's is not required
            _add_user(fresh)
            fresh.rename(root)
    return root


def discard(platform: Platform) -> None:
    """Remove the platform's root."""
    shutil.rmtree(home() / platform.name, ignore_errors=True)


def _bootstrap(platform: Platform, into: Path, options: list[str]) -> None:
    sources = [f"deb {machine.mirror_of(archive)} {suite} {platform.components}" for suite, archive in platform.sources]
    command = ["mmdebstrap", "--mode=root", "--format=directory", f"--keyring={_keyring(platform.sources[0][1])}",
               *options, *(f"--aptopt={line}" for line in machine.apt_settings()), platform.suite, str(into), *sources]
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise PlatformError(f"mmdebstrap cannot be started ({error.strerror}): install its package.") from error
    if done.returncode:
        raise PlatformError(complaint(platform, done.stderr))


def complaint(platform: Platform, told: str) -> str:
    """One sentence of what mmdebstrap said when it failed: apt's first words, as all others follow from those."""
    archive = platform.sources[0][1]
    said = re.findall(r"^E: *(.+?)[. ]*$", told, re.MULTILINE) or told.strip().splitlines()[-1:]
    return f"no root can be made from {machine.mirror_of(archive)}: {''.join(said[:1]) or 'mmdebstrap failed'}."


def _keyring(archive: Archive) -> Path:
    """The archive's keyring on this host; else Debian's package of it, whose signature is checked, is unpacked."""
    here = Path(archive.keyring)
    if here.exists():
        return here
    folder = home() / "keyrings"
    if not (folder / here.name).exists():
        with tempfile.TemporaryDirectory(prefix=".making-", dir=home(), ignore_cleanup_errors=True) as making:
            tree = Path(making) / "root"
            _bootstrap(KEYRINGS, tree, ["--variant=extract", f"--include={archive.keyring_package}"])
            folder.mkdir(exist_ok=True)
            shutil.copyfile(tree / here.relative_to("/"), folder / here.name)
    return folder / here.name


def _add_user(root: Path) -> None:
    """An ordinary user; a system that has one of that number already (Ubuntu's images do) has it renamed."""
    for file, entry in (("passwd", f"{USER}:x:{UID}:{UID}::/home/{USER}:/bin/bash"), ("group", f"{USER}:x:{UID}:")):
        path = root / "etc" / file
        kept = [line for line in path.read_text().splitlines() if line.split(":")[2] != str(UID)]
        path.write_text("\n".join([*kept, entry]) + "\n")
    folder = root / "home" / USER
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, UID, UID)
