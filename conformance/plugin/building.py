"""`--program NAME=PATH`: a known implementation is played with somebody's own build of its program.

`NAME@LABEL=PATH` plays the build beside what is installed, as a column of its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from shlex import quote

import pytest

from conformance.plugin.hooks import Newcomer
from fixtures.brought.build import BadBuild, find, stand_in
from fixtures.implementations.registry import UnknownImplementation, implementation_named
from fixtures.names import product_of
from fixtures.programs.base import Implementation, ProgramError, Unrecognised
from fixtures.sandbox import environment

#: NAME or NAME@LABEL; a label goes into file names and test ids.
_NAMED = re.compile(r"[^@]+(@[A-Za-z0-9][A-Za-z0-9._-]{0,30})?")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--program`."""
    parser.getgroup("sextant").addoption(
        "--program", action="append", metavar="NAME[@LABEL]=PATH", default=[],
        help="play this known implementation with your own build of its program: a file, a build directory or an"
             " install directory (docs/bring-your-own.md); with @LABEL beside the installed one, as a column of its"
             " own; may be repeated")


def pytest_sextant_brings(config: pytest.Config) -> list[Newcomer]:
    """Those of `--program`. They are only started, to ask who they are, inside the sandbox."""
    asked = config.getoption("program")
    if asked and (config.getoption("recordings") or config.getoption("pcap")):
        raise pytest.UsageError(f"--program {asked[0]}: saved recordings and captures are judged without any program;"
                                " leave it away")
    found = []
    for given in asked:
        try:
            who = _build(given, config.invocation_params.dir)
            if environment.inside():
                who.recognise()
        except Unrecognised as error:
            assert who.build is not None
            main = who.build.files[who.build.main]
            raise pytest.UsageError(f"--program {given}: {main} is no {product_of(who.name)}: asked with"
                                    f" `{error.asked}`, it says {error.said!r}") from error
        except (BadBuild, ProgramError, UnknownImplementation) as error:
            raise pytest.UsageError(f"--program {given}: {error}") from error
        assert who.build is not None
        found.append(Newcomer(who, f"--program {quote(given)}", who.build.seen))
    return found


def _build(given: str, here: Path) -> Implementation:
    name, _, path = given.partition("=")
    if not name or not path:
        raise BadBuild("it takes NAME=PATH or NAME@LABEL=PATH, such as radvd=/home/me/radvd/radvd")
    if not _NAMED.fullmatch(name):
        raise BadBuild(f"{name.partition('@')[2]!r} is no label; it takes up to 31 letters, digits, dots and hyphens")
    who = implementation_named(product_of(name))
    return stand_in(who, name, find((here / Path(path).expanduser()).absolute(), who))
