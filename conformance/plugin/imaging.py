"""`--guest-image FILE`: a virtual machine of somebody's own is the guest under test."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote

import pytest

from conformance.plugin.hooks import Newcomer
from fixtures.implementations.registry import all_implementations
from fixtures.machines.image import BadImage, load
from fixtures.machines.imaged import ImagedGuest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--guest-image`."""
    parser.getgroup("sextant").addoption(
        "--guest-image", action="append", metavar="FILE", default=[],
        help="boot this image as the guest: a disk (qcow2, raw), a CD, a kernel, or a manifest that says more"
             " (docs/bring-your-own.md); may be repeated")


def pytest_sextant_brings(config: pytest.Config) -> list[Newcomer]:
    """Those of `--guest-image`."""
    found = []
    for given in config.getoption("guest_image"):
        try:
            image = load(config.invocation_params.dir / given)
        except BadImage as error:
            raise pytest.UsageError(f"--guest-image {error}") from error
        if image.name in all_implementations() and image.path.suffix != ".toml":
            image = replace(image, name=f"{image.name}-image")
        who = ImagedGuest(image)
        if who.missing():
            raise pytest.UsageError(f"--guest-image {given}: this needs {' and '.join(who.missing())}, not installed"
                                    f" here; on Debian: apt install {' '.join(who.packages)}")
        found.append(Newcomer(who, f"--guest-image {quote(given)}", who.image.files))
    return found
