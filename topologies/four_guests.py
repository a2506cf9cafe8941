"""A LAN with four guests: three that an orchestrator knows, and one that it does not."""

from __future__ import annotations

from topologies.lan import Lan


class FourGuests(Lan):
    """Like `Lan`, with guest, guest2, guest3 and guest4."""

    def build(self, guests: int = 4, peers: int = 1, nics: int = 1) -> None:
        super().build(guests=guests, peers=peers, nics=nics)
