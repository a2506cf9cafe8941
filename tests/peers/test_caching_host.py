"""The scripted host's neighbor cache and the judge's table are two readings of RFC 4861; they agree."""

from __future__ import annotations

import pytest

from conformance.reading.neighbor_cache import Entry as Judged
from conformance.reading.neighbor_cache import by_rfc
from fixtures.peers.caching_host import Entry, News, by_the_rules
from fixtures.protocols.icmp import (
    NEIGHBOR_ADVERTISEMENT,
    NEIGHBOR_SOLICITATION,
    REDIRECT,
    ROUTER_ADVERTISEMENT,
    ROUTER_SOLICITATION,
)
from fixtures.scenarios.neighbor_discovery.cache_cases import CASES, KNOWN, Case

KINDS = {"NS": NEIGHBOR_SOLICITATION, "NA": NEIGHBOR_ADVERTISEMENT, "RA": ROUTER_ADVERTISEMENT,
         "RS": ROUTER_SOLICITATION, "Redirect": REDIRECT}


def after(case: Case) -> Judged:
    """What the scripted host makes of a case."""
    said = case.message
    known = None if case.state == "none" else Entry(case.state, case.mac("same") if case.state in KNOWN else "")
    mac = case.mac(said.link_layer) if said.link_layer else None
    found = by_the_rules(known, News(KINDS[said.kind], case.address, mac, case.mac("same"), not said.fault,
                                     said.solicited, said.override))
    if found is None or found.state == "incomplete":
        return Judged("unknown")
    assert found.state != "delay"
    return Judged(found.state, "same" if found.mac == case.mac("same") else "other")


@pytest.mark.parametrize("key", CASES)
def test_both_read_the_rfc_alike(key: str) -> None:
    assert after(CASES[key]) == by_rfc(CASES[key])
