"""A LAN with four guests: three that an orchestrator knows, and one that it does not."""

from __future__ import annotations

from topologies.lan import Lan


class FourGuests(Lan):
    """
                  lan
        guest  eth0 --+-- lan0 router up0 ----- eth0 outside
        guest2 eth0 --+
        guest3 eth0 --+
        guest4 eth0 --+
        peer   eth0 --+

    A `Lan` in everything else.
    """

    def build(self, guests: int = 4, peers: int = 1, nics: int = 1) -> None:
        super().build(guests=guests, peers=peers, nics=nics)
