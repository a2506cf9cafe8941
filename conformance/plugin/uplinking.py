"""`--uplink INTERFACE[=ROLE]`: an interface of the host is lent to the sandbox; who is behind it plays a role."""

from __future__ import annotations

from shlex import quote

import pytest

from conformance.plugin.hooks import Newcomer
from fixtures.sandbox import environment
from fixtures.uplink.refusals import why_not
from fixtures.uplink.uplink import ROLES, uplink


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--uplink`."""
    parser.getgroup("sextant").addoption(
        "--uplink", metavar="INTERFACE[=ROLE]", default=None,
        help="lend an interface of this host to the sandbox as long as the run lasts; needs root. The network behind"
             " it is the router with all that it serves (the default); `=guest`: the device behind it is the guest")


def pytest_sextant_brings(config: pytest.Config) -> list[Newcomer]:
    """Who is behind the uplink."""
    if config.getoption("uplink") is None:
        return []
    interface, role = _options_given(config)
    if not environment.inside() and (reason := why_not(interface)) is not None:
        raise pytest.UsageError(f"--uplink {interface}: {reason}")
    return [Newcomer(uplink(interface, role), f"--uplink {quote(config.getoption('uplink'))}")]


@pytest.hookimpl(optionalhook=True)
def pytest_sextant_lends(config: pytest.Config) -> list[str]:
    """The interface."""
    return [_options_given(config)[0]] if config.getoption("uplink") is not None else []


def _options_given(config: pytest.Config) -> tuple[str, str]:
    interface, _, role = config.getoption("uplink").partition("=")
    if (role or ROLES[0]) not in ROLES:
        raise pytest.UsageError(f"--uplink {interface}={role}: it can be {' or '.join(ROLES)}, not {role!r}")
    return interface, role or ROLES[0]
