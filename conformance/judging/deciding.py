"""Which fields of a packet decided a verdict: those that the check read in the statement that says what is wrong.

A check is judged once more, watched: every field of a view that it reads is noted, with the place in the code. No
sentence has to be understood for that. Where a helper of the check found the fault, no field is named.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from fixtures.recording.model import Frame
from fixtures.recording.views import dhcpv6_options, nd_options
from fixtures.recording.views.base import View

#: What a packet's fields hold that have fields of their own.
PIECES = (nd_options.PrefixInformation, nd_options.Rdnss, nd_options.Dnssl, nd_options.Route, dhcpv6_options.Ia,
          dhcpv6_options.LeasedAddress, dhcpv6_options.LeasedPrefix, dhcpv6_options.Status)
#: Lines of one statement, at most.
STATEMENT = 4
#: Fields by the names that RFCs and the report have for them, where that is not the view's own name.
LABELS = {
    "managed": "M managed", "other": "O other", "cur_hop_limit": "current hop limit", "lifetime": "router lifetime",
    "on_link": "L on-link", "autonomous": "A autonomous", "valid": "valid lifetime", "preferred": "preferred lifetime",
    "network": "prefix", "mtu": "MTU", "router": "R router", "solicited": "S solicited", "override": "O override",
    "t1": "T1", "t2": "T2", "iaid": "IAID", "client_duid": "DUID", "server_duid": "DUID", "option_request": "asks for",
    "elapsed_time": "elapsed", "sllao": "address", "tllao": "address", "checksum_ok": "checksum",
    "length": "prefix length", "sequence": "sequence number", "for_destination": "destination",
}
#: What says which packet it is, and not what is in it; what holds others; and what tells them in words.
ABOUT = frozenset({"frame", "time", "headers", "malformed", "info", "name", "body", "options", "prefixes", "rdnss",
                   "dnssl", "routes", "ia_na", "ia_ta", "ia_pd", "addresses", "relays", "summed", "text", "fields",
                   "missing", "reserved", "repeated"})


@dataclass
class Reads:
    """The fields that were read, in order: of which frame (None: of a piece of one), and where in the code."""

    all: list[tuple[Frame | None, str, CodeType, int]] = field(default_factory=list)

    def of_statement(self, cited: list[Frame], statement: FrameType) -> tuple[str, ...]:
        """The fields of these frames that a call's arguments read; `statement` is where the call stands."""
        here, first = statement.f_code, statement.f_lineno
        found = [LABELS.get(name, name.replace("_", " ")) for frame, name, code, line in self.all
                 if code is here and first <= line < first + STATEMENT and name not in ABOUT
                 and (frame is None or frame in cited)]
        return tuple(dict.fromkeys(found))

    def forget(self) -> None:
        """What was read so far is another statement's."""
        self.all.clear()


@contextmanager
def watch_reads() -> Iterator[Reads]:
    """Note which fields are read outside the views themselves."""
    reads = Reads()

    def reading(self: Any, name: str) -> Any:
        caller = sys._getframe(1)
        if name[0] != "_" and "/recording/views/" not in caller.f_code.co_filename:
            frame = object.__getattribute__(self, "frame") if isinstance(self, View) else None
            reads.all.append((frame, name, caller.f_code, caller.f_lineno))
        return object.__getattribute__(self, name)

    classes: list[Any] = [View, *PIECES]
    try:
        for each in classes:
            each.__getattribute__ = reading
        yield reads
    finally:
        for each in classes:
            del each.__getattribute__
