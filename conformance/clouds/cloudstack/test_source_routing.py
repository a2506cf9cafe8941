"""CloudStack: a VM with a NIC in each of two isolated networks sends from each address by the NIC that has it."""

from __future__ import annotations

from dataclasses import replace

from conformance.clouds.reading.flows import flows, passages
from conformance.clouds.reading.source_routing import expect_routes_by_source
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording.model import Recording
from fixtures.scenarios.clouds.cloudstack.firewall import CloudstackFirewall

TWIN = CloudstackFirewall()
#: The twin's fault, and one of the firewall that shows later in the same play.
ONE_TABLE = "cuts unrouted"


@check("ROUTE-16", TWIN, role="compute-host", cloud="cloudstack")
def test_cloudstack_twin_sends_its_own_sources(recording: Recording, notebook: Notebook) -> None:
    """With routes by source, each flow leaves by the NIC whose prefix its source belongs to (RFC 8028 section 3.2).

    The virtual router of each network drops sources of elsewhere (BCP 38). Both addresses reach the outside and are
    reached, and answers come back by the same NIC.
    """
    number = expect_routes_by_source(recording, notebook, "twin")
    notebook.finding = f"{number} flows from and to both addresses, each by the NIC that has it, and answered"


@played(test_cloudstack_twin_sends_its_own_sources, because="left by eth0, and eth1 has the address")
def image_without_routes_by_source() -> Broken:
    """What the second NIC's address sends leaves by the default NIC, and is dropped."""
    return Broken(CloudstackFirewall(wrong=ONE_TABLE))


@edited(test_cloudstack_twin_sends_its_own_sources, because="came in by eth0")
def answers_by_the_other_network(recording: Recording) -> Recording:
    """The outside has the wrong route back."""
    frames = [each.frame for flow in flows(recording, by_source=True, interface="eth1", source="twin")
              for each in passages(recording.at("twin", outgoing=False), flow, back=True)]
    return replace(recording, frames=tuple(
        replace(frame, interface="eth0") if frame in frames else frame for frame in recording.frames))
