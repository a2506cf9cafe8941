"""What a sender leaves as it must: reserved fields of Neighbor Discovery, and its own link-layer address."""

from __future__ import annotations

from conformance.judging.verdict import Notebook
from conformance.wire.spoken import doubt, is_capture, must, node
from fixtures.recording.model import Recording
from fixtures.recording.views.ndp import NdMessage

#: Addresses that redundant routers share (RFC 9568 section 7.3).
VIRTUAL = "00:00:5e:"


def reserved_are_zero(notebook: Notebook, message: NdMessage, what: str) -> None:
    """Expect that all reserved bits of a message are zero (RFC 4861 section 4: MUST be initialized to zero)."""
    if found := message.reserved:
        must(notebook, False, f"the {what} has reserved bits set: {found}", message)


def own_link_layer(recording: Recording, notebook: Notebook, role: str, message: NdMessage, told: str | None,
                   what: str) -> None:
    """Expect that the link-layer address in an option, if there is one, is the sender's (RFC 4861 section 4.6.1).

    In a capture a bridge may have put its own address into the frame, so there it is a warning.
    """
    if told is None or told == message.mac_source or len(told) != 17 or told.startswith(VIRTUAL):
        return
    own = {end.mac for end in recording.interfaces if end.node == node(recording, role) and end.mac}
    if own and told not in own | {message.mac_source}:
        words = f"the {what} {told} is not the sender's, whose frame comes from {message.mac_source}"
        if is_capture(recording):
            doubt(notebook, words, message)
        else:
            must(notebook, False, words, message)
