"""Which Redirects a host obeys, and which it ignores: to the destination itself, and to another router."""

from __future__ import annotations

from conformance.broken.caching_hosts import CREDULOUS, STUBBORN
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.router_discovery.many_redirects import AFTER, BEFORE, ManyRedirects
from fixtures.scenarios.router_discovery.redirect_cases import CASES, Case
from topologies.stage import addressing as plan

ROUTER = plan.mac_of("peer", "eth0")
OBEYED = [key for key, case in CASES.items() if not case.fault]
IGNORED = [key for key, case in CASES.items() if case.fault]
#: What is wrong with these says not whom they are about: a host that believes them shows it nowhere.
VAGUE = [key for key in IGNORED if CASES[key].fault in ("short", "multicast-destination")]


@check("RA-20", ManyRedirects(), role="guest", parts=CASES)
def test_obeys_redirects_of_its_router(recording: Recording, notebook: Notebook, part: str) -> None:
    """A valid Redirect of the first hop moves its destination to the target, an invalid one nothing.

    RFC 4861 sections 8.1 and 8.3. Where the guest's next answer to the destination goes shows it.
    """
    case = CASES[part]
    first, last = (_answers(recording, case, sequence) for sequence in (BEFORE, AFTER))
    if case.used:
        notebook.cite(*notebook.stimulus([each for each in first if _hop(each) == ROUTER],
                                         f"the guest did not send to {case.destination} by way of its router")[:1])
    asked = [each for each in transport.echoes(recording.at("guest", "eth0", outgoing=False), reply=False)
             if each.source == case.destination and each.sequence == AFTER]
    notebook.cite(*notebook.stimulus(asked, f"{case.destination} did not ask again")[:1])
    told = [each for each in ndp.redirects(recording.at("guest", "eth0", outgoing=False))
            if each.for_destination == case.destination]
    notebook.cite(*told[:1])
    notebook.expect(last, f"the guest did not answer {case.destination} after the Redirect", *told[:1], *asked)
    right = ROUTER if case.fault else case.mac
    notebook.expect(_hop(last[0]) == right, f"after the Redirect the guest's packet to {case.destination} went to"
                    f" {_hop(last[0])}, not to {right}", *told[:1], last[0])
    notebook.finding = f"after the Redirect the guest's packet went to {right}"


def _answers(recording: Recording, case: Case, sequence: int) -> list[Echo]:
    sent = transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=True)
    return [each for each in sent if each.destination == case.destination and each.sequence == sequence]


def _hop(echo: Echo) -> str:
    return echo.frame.data[:6].hex(":")


@played(test_obeys_redirects_of_its_router, because={key: f"not to {CASES[key].mac}" for key in OBEYED})
def host_that_stays_with_its_router() -> Broken:
    return Broken(ManyRedirects(), {"guest": STUBBORN})


@played(test_obeys_redirects_of_its_router, because="after the Redirect", parts=set(IGNORED) - set(VAGUE))
def host_that_follows_anybody() -> Broken:
    return Broken(ManyRedirects(), {"guest": CREDULOUS})


@edited(test_obeys_redirects_of_its_router, because="after the Redirect", parts=VAGUE)
def host_that_guesses(recording: Recording, part: str) -> Recording:
    """It takes the Redirect for one about whom it talks to."""
    mac = bytes.fromhex(CASES[part].mac.replace(":", ""))
    return editing.with_bytes(recording, _answers(recording, CASES[part], AFTER), lambda data: mac + data[6:])
