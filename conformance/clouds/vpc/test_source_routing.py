"""VPC: an instance with an extension NIC sends from each address by the NIC that has it."""

from __future__ import annotations

from conformance.clouds.reading.flows import flows, passages
from conformance.clouds.reading.source_routing import expect_routes_by_source
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording.editing import without
from fixtures.recording.model import Recording
from fixtures.scenarios.clouds.vpc.source_routing import VpcSourceRouting

EXTENDED = VpcSourceRouting()


@check("ROUTE-16", EXTENDED, role="compute-host", cloud="vpc")
def test_vpc_extension_nic_sends_its_own_sources(recording: Recording, notebook: Notebook) -> None:
    """With routes by source, each flow leaves by the NIC whose prefix its source belongs to (RFC 8028 section 3.2).

    Huawei documents these routes for extension NICs, whose traffic is lost without them: a tap drops what does not come
    from its NIC's address. Both addresses reach the outside and are reached, and answers come back by the same NIC.
    """
    number = expect_routes_by_source(recording, notebook, "fw2")
    notebook.finding = f"{number} flows from and to both addresses, each by the NIC that has it, and answered"


@played(test_vpc_extension_nic_sends_its_own_sources, because="left by eth0, and eth2 has the address")
def image_without_routes_by_source() -> Broken:
    """What the extension NIC's address sends leaves by the primary NIC, and is dropped."""
    return Broken(VpcSourceRouting(unrouted=True))


@edited(test_vpc_extension_nic_sends_its_own_sources, because="was not answered")
def extension_nic_that_gets_no_answers(recording: Recording) -> Recording:
    answers = [each.frame for flow in flows(recording, by_source=True, interface="eth2", source="fw2")
               for each in passages(recording.at("fw2", outgoing=False), flow, back=True)]
    return without(recording, frames=answers)
