"""A DHCPv6 server that delegates: which prefix, and for how long."""

from __future__ import annotations

from conformance.broken.dhcpv6_edits import changed_delegation
from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import server_answers
from fixtures.recording.model import Recording
from fixtures.recording.views.dhcpv6 import Message
from fixtures.scenarios.prefix_delegation.delegated_link import LENGTH, DelegatedLink
from topologies.delegation import DELEGATED

#: A prefix of a pool that the server does not have.
FOREIGN = "2001:db8:bad::"


def answers(recording: Recording, notebook: Notebook) -> list[Message]:
    """The server's Advertises and Replies to whoever asked for a prefix."""
    sent = recording.at("router", "lan0", outgoing=True)
    return notebook.stimulus([each for each in server_answers(sent, "Advertise", "Reply") if each.ia_pd],
                             "no Advertise or Reply has an IA_PD")


@check("PD-02.pool", DelegatedLink(), role="dhcpv6-server")
def test_delegates_what_it_was_told_to(recording: Recording, notebook: Notebook) -> None:
    """Each prefix is one of the pool, of the configured length (RFC 9915 section 18.3.2)."""
    for message in answers(recording, notebook):
        found = [prefix for ia in message.ia_pd for prefix in ia.prefixes]
        notebook.expect(found, f"its {message.name.capitalize()} has an IA_PD without a prefix", message)
        for each in found:
            right = each.network.subnet_of(DELEGATED) and each.network.prefixlen == LENGTH
            notebook.expect(right, f"its {message.name.capitalize()} has {each.network}, no /{LENGTH} of {DELEGATED}",
                            message)


@edited(test_delegates_what_it_was_told_to, because="no /56 of")
def delegates_somebody_elses(recording: Recording) -> Recording:
    """A prefix of another pool."""
    return changed_delegation(recording, "Reply", lambda ia: setattr(ia.iapdopt[0], "prefix", FOREIGN))


@check("PD-02.times", DelegatedLink(), role="dhcpv6-server")
def test_times_of_a_delegation_are_in_order(recording: Recording, notebook: Notebook) -> None:
    """T1 <= T2 (RFC 9915 section 21.21), preferred <= valid lifetime (section 21.22)."""
    for message in answers(recording, notebook):
        for ia in message.ia_pd:
            notebook.expect(ia.t1 <= ia.t2 or not ia.t2, f"its IA_PD has T1 {ia.t1} s above T2 {ia.t2} s", message)
            for each in ia.prefixes:
                notebook.expect(each.preferred <= each.valid, f"{each.network} has a preferred lifetime of"
                                f" {each.preferred} s, above the valid one of {each.valid} s", message)


@edited(test_times_of_a_delegation_are_in_order, because="above T2")
def rebinds_before_it_renews(recording: Recording) -> Recording:
    """T2 is a second."""
    return changed_delegation(recording, "Reply", lambda association: setattr(association, "T2", 1))


@edited(test_times_of_a_delegation_are_in_order, because="above the valid one")
def prefers_longer_than_it_allows(recording: Recording) -> Recording:
    """The valid lifetime is a second."""
    return changed_delegation(recording, "Reply", lambda association: setattr(association.iapdopt[0], "validlft", 1))
