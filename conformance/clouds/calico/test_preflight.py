"""Calico: a host on which IPv6 cannot work is found before workloads are placed on it."""

from __future__ import annotations

from dataclasses import replace

from conformance.clouds.calico.policing import frames
from conformance.clouds.reading.flows import flows, passages
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.calico.preflight import ROUTELESS, UNREACHABLE
from fixtures.recording.editing import shifted
from fixtures.recording.model import Mark, Recording
from fixtures.scenarios.clouds.calico.preflight import (
    DEAF,
    HEALTHY,
    WITHOUT_ROUTE,
    CalicoPreflight,
    PreflightBegun,
    PreflightReport,
    workload,
)
from topologies.three_hosts import HOSTS


@check("ROUTE-15", CalicoPreflight(), role="compute-host", cloud="calico")
def test_calico_preflight_names_crippled_hosts(recording: Recording, notebook: Notebook) -> None:
    """A host without an IPv6 default route, or whose address no other host reaches, is named with that cause.

    Nobody else is, and where all is well the report is clean. What the kernels' routes and the answers on the wire say
    is what the report is held against. A workload comes to a host only after the report, and to no host that it names.
    """
    begun = notebook.stimulus(recording.marked(PreflightBegun), "no pre-flight check was made")
    seen = {mark.what.state: {host: _causes(recording, notebook, host, mark) for host in HOSTS} for mark in begun}
    notebook.stimulus([True for causes in seen.values() if not any(causes.values())],
                      "the check was not made while all hosts were healthy")
    for cause in (ROUTELESS, UNREACHABLE):
        named = [cause in causes for hosts in seen.values() for causes in hosts.values()]
        notebook.stimulus([True] if any(named) else [], f"the check was not made in this state: {cause}")
    for state, hosts in seen.items():
        reports = [mark for mark in recording.marked(PreflightReport) if mark.what.state == state]
        notebook.expect(reports, f"the check made no report ({state})")
        for host, causes in hosts.items():
            told = set(reports[0].what.accused.get(host, ()))
            missed, wrong = sorted(causes - told), sorted(told - causes)
            notebook.expect(not missed, f"the report does not name {host}: {', '.join(missed)} ({state})", reports[0])
            notebook.expect(not wrong,
                            f"the report wrongly says of {host}: {', '.join(wrong)} ({state})", reports[0])
            _expect_placed(recording, notebook, reports[0], host, ready=not causes)
    notebook.finding = "the host without a route and the unreachable one were named, each by its cause, and nobody else"


def _causes(recording: Recording, notebook: Notebook, host: str, begun: Mark) -> set[str]:
    """What is the matter with a host, by its kernel and by what came back to the others that called it."""
    state = begun.what.state
    notebook.cite(begun)
    kernel = recording.snapshot(state, host)
    looked = notebook.stimulus([kernel] if kernel else [], f"the kernel of {host} was not recorded ({state})")[0]
    notebook.cite(looked)
    found = set()
    if not any((row["family"], row["dst"], row["table"], row["type"]) == ("inet6", "default", "main", "unicast")
               for row in looked.tables["route"]):
        found.add(ROUTELESS)
    answers = []
    for flow in notebook.stimulus(flows(recording, state=state, to=host), f"no node connected to {host} ({state})"):
        sent = passages(recording.at(flow.source, outgoing=True), flow, back=False)
        notebook.cite(*frames(notebook.stimulus(sent, f"{flow.source} sent nothing: {flow} ({state})")[:1]))
        answers += passages(recording.at(flow.source, outgoing=False), flow, back=True)
    notebook.cite(*frames(answers[:1]))
    return found if answers else {*found, UNREACHABLE}


def _expect_placed(recording: Recording, notebook: Notebook, report: Mark, host: str, *, ready: bool) -> None:
    """Expect that a workload came to a host after the report where the host is ready, and did not where it is not."""
    state = report.what.state
    came = list(recording.happened(host, "route", "new", dst=str(workload(state, host))))
    if not ready:
        notebook.expect(not came, f"a workload was placed on {host} ({state})", *came[:1])
        return
    notebook.expect(came, f"no workload was placed on {host} ({state})", *came[:1])
    notebook.expect(came[0].ns > report.ns, f"a workload was placed on {host} before the report ({state})", came[0])


@played(test_calico_preflight_names_crippled_hosts, because=f"does not name host2: {ROUTELESS}")
def preflight_that_never_complains() -> Broken:
    """A check that looks and says nothing."""
    return Broken(CalicoPreflight(forgets="complaints"))


@played(test_calico_preflight_names_crippled_hosts, because=f"does not name host2: {ROUTELESS}")
def preflight_of_ipv4() -> Broken:
    """A check that asks for IPv4's default route, and pings over IPv4."""
    return Broken(CalicoPreflight(forgets="version"))


@played(test_calico_preflight_names_crippled_hosts, because=f"wrongly says of host1: {UNREACHABLE}")
def preflight_that_accuses_everybody() -> Broken:
    """A check that takes the word of a host which hears nobody."""
    return Broken(CalicoPreflight(forgets="others"))


@edited(test_calico_preflight_names_crippled_hosts, because=f": {UNREACHABLE} ({HEALTHY})")
def healthy_host_is_accused(recording: Recording) -> Recording:
    """A check that is not clean where all is well."""
    return _saying(recording, HEALTHY, {"host1": [UNREACHABLE]})


@edited(test_calico_preflight_names_crippled_hosts, because=f"does not name host2: {ROUTELESS}")
def wrong_cause_is_named(recording: Recording) -> Recording:
    """A check that finds the host and not its fault."""
    return _saying(recording, WITHOUT_ROUTE, {"host2": [UNREACHABLE]})


@edited(test_calico_preflight_names_crippled_hosts, because=f"does not name host3: {UNREACHABLE}")
def routes_are_all_that_counts(recording: Recording) -> Recording:
    """A check that asks the kernel only."""
    return _saying(recording, DEAF, {})


@edited(test_calico_preflight_names_crippled_hosts, because="a workload was placed on host1 before the report")
def workload_comes_first(recording: Recording) -> Recording:
    """A platform that checks hosts while they are in use."""
    placed = recording.happened("host1", "route", "new", dst=str(workload(DEAF, "host1")))
    return shifted(recording, -1.0, events=placed)


def _saying(recording: Recording, state: str, accused: dict[str, list[str]]) -> Recording:
    """With another report on a state."""
    return replace(recording, marks=tuple(
        replace(mark, fields={**mark.fields, "accused": accused})
        if mark.is_a(PreflightReport) and mark.what.state == state else mark for mark in recording.marks))
