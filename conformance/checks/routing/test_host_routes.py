"""Compute hosts as routers of their containers: forwarding, and one /128 route for each endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording.editing import rewritten, without
from fixtures.recording.model import Mark, Recording, Snapshot
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.transport import Echo, echoes
from fixtures.scenarios.proxy_neighbor_discovery.container_agent import (
    ADDRESSES,
    HOSTS,
    Agent,
    AgentRestarted,
    Churned,
    Create,
    Created,
    Delete,
    Deleted,
)
from fixtures.scenarios.routing.container_endpoints import EndpointsComeAndGo, Pinged

#: Seconds in which an agent has made or removed a route, and a packet has passed the hosts; no standard says it.
AT_ONCE = 1.0

COMES_AND_GOES = EndpointsComeAndGo()
FORWARDING = "net.ipv6.conf.all.forwarding"


@check("ROUTE-01", COMES_AND_GOES, role="compute-host")
def test_hosts_always_forward(recording: Recording, notebook: Notebook) -> None:
    """IPv6 forwarding is on before the first workload, and stays on while endpoints come and go and the agent restarts.

    Meanwhile packets between containers on two hosts arrive with a hop limit decreased by 2 (Calico, IPv6 support).
    """
    for moment in ("before-workloads", "placed", "after"):
        for host in HOSTS:
            shot = recording.snapshot(moment, host)
            if shot is None:
                notebook.stimulus([], f"the state of {host} was not recorded {moment}")
            else:
                value = shot.tables["sysctl"][FORWARDING]
                notebook.expect(value == 1, f"{FORWARDING} is {value} on {host} at the moment {moment!r}", shot)
    notebook.cite(*notebook.stimulus(recording.marked(Churned), "host1's endpoints did not come and go"))
    notebook.cite(*notebook.stimulus(recording.marked(AgentRestarted), "host1's agent was not restarted"))
    arrived = _count_crossings(recording, notebook)
    notebook.finding = f"forwarding is 1 throughout; {arrived} Echo Requests crossed both hosts, each 2 hops"


def _count_crossings(recording: Recording, notebook: Notebook) -> int:
    """All of c1's Echo Requests to c3 arrived there, and each over two hosts; returns how many."""
    sent = _requests(recording.at("c1", outgoing=True), "c3")
    settled = [each for each in sent if each.time <= recording.duration - AT_ONCE]
    there = {_key(each): each for each in _requests(recording.at("c3", outgoing=False), "c3")}
    restart = recording.marked(AgentRestarted)[0]
    late = [each for each in sent if each.frame.ns > restart.ns and _key(each) in there]
    for request in notebook.stimulus(settled, "c1 sent no Echo Request to c3"):
        notebook.expect(_key(request) in there, f"Echo Request {request.sequence} did not reach c3", request)
        passed = request.hop_limit - there[_key(request)].hop_limit
        notebook.expect(passed == 2,
                        f"the hosts decreased the hop limit by {passed} on the way to c3", there[_key(request)])
    notebook.cite(*notebook.stimulus(late, "no Echo Request was sent after the agent's restart")[:1])
    return len(settled)


def _requests(frames: Iterable[Any], container: str) -> list[Echo]:
    return [each for each in echoes(frames, reply=False) if each.destination == ADDRESSES[container]]


def _key(echo: Echo) -> tuple[str, int, int]:
    return str(echo.source), echo.identifier, echo.sequence


@played(test_hosts_always_forward, because="is 0 on host1 at the moment 'before-workloads'")
def host_that_never_forwards() -> Broken:
    """An agent that leaves forwarding off."""
    return Broken(EndpointsComeAndGo(agent=Agent(forwards="never")))


@played(test_hosts_always_forward, because="is 0 on host1 at the moment 'after'")
def restart_turns_forwarding_off() -> Broken:
    """An agent whose restart turns forwarding off."""
    return Broken(EndpointsComeAndGo(agent=Agent(forwards="until-restart")))


@edited(test_hosts_always_forward, because="by 1 on the way to c3")
def host_that_does_not_count_hops(recording: Recording) -> Recording:
    """Packets that pass a host like a switch."""

    def spare(packet: Any) -> None:
        packet[layer("inet6").IPv6].hlim += 1

    return rewritten(recording, _requests(recording.at("c3", outgoing=False), "c3"), spare)


@edited(test_hosts_always_forward, because="did not reach c3")
def host_that_drops_one(recording: Recording) -> Recording:
    """A gap while endpoints come and go."""
    there = _requests(recording.at("c3", outgoing=False), "c3")
    return without(recording, frames=there[len(there) // 2])


@check("ROUTE-02", COMES_AND_GOES, role="compute-host")
def test_each_endpoint_has_one_route_on_its_host(recording: Recording, notebook: Notebook) -> None:
    """As long as an endpoint is there, its host has exactly one /128 route to it, by its interface.

    Calico, IPv6 support: "adds a static route for the endpoint's IPv6 address, via its tap or veth device". It appears
    with the endpoint, is of use at once, and goes with it: after that nothing leaves the host by that interface. No
    other host has a route to it by an interface of its own containers.
    """
    created = notebook.stimulus(recording.marked(Created), "no endpoint was created")
    deleted = notebook.stimulus(recording.marked(Deleted), "no endpoint was deleted")
    changes: list[Mark] = [*created, *deleted]
    for mark in sorted(changes, key=lambda mark: mark.ns):
        (_expect_route if mark.is_a(Created) else _expect_removal)(recording, notebook, mark)
    for pinged in notebook.stimulus(recording.marked(Pinged), "no Echo Request was sent to an endpoint"):
        _expect_delivery(recording, notebook, pinged)
    notebook.finding = "one /128 route on the endpoint's host, there with the endpoint, of use at once and gone with it"


def _expect_route(recording: Recording, notebook: Notebook, created: Mark[Created]) -> None:
    host, interface, address = (created.what.node, created.what.interface, created.what.address)
    where = f"{address} on {host}"
    routes = [event for event in recording.happened(host, "route", "new", dst=address, dev=interface, table="main")
              if event.ns >= _begin(recording.marked(Create), created).ns]
    notebook.expect(routes, f"no route to {where} appeared with its endpoint", created)
    late = routes[0].after_ns / 1e9 - created.time
    notebook.in_time(late, AT_ONCE, f"the route to {where} came late", routes[0])
    for each in HOSTS:
        rows, shot = _own_routes(recording, notebook, created, each)
        seen = [f"dev {row.get('dev')} proto {row['protocol']}" for row in rows]
        if each != host:
            notebook.expect(not rows, f"{each} has a route of its own to {where}: {', '.join(seen)}", shot)
            continue
        notebook.expect(len(rows) == 1, f"there are {len(rows)} routes to {where}, not one", shot)
        right = rows[0].get("dev") == interface and rows[0]["protocol"] in ("static", "boot")
        notebook.expect(right, f"the route to {where} is {seen[0]}, not dev {interface} proto static")


def _expect_removal(recording: Recording, notebook: Notebook, deleted: Mark[Deleted]) -> None:
    host, interface, address = (deleted.what.node, deleted.what.interface, deleted.what.address)
    gone = [event for event in recording.happened(host, "route", "del", dst=address, dev=interface, table="main")
            if event.ns >= _begin(recording.marked(Delete), deleted).ns]
    notebook.expect(gone, f"the route to {address} on {host} did not go with its endpoint", deleted)
    late = gone[0].after_ns / 1e9 - deleted.time
    notebook.in_time(late, AT_ONCE, f"the route to {address} on {host} went late", gone[0])
    rows, shot = _own_routes(recording, notebook, deleted, host)
    notebook.expect(not rows, f"{host} still has a route to {address} after its endpoint was deleted", shot)


def _begin(begun: Iterable[Mark], done: Mark) -> Mark:
    """The moment before the agent did what it has done now."""
    return [mark for mark in begun if mark.fields == done.fields and mark.ns <= done.ns][-1]


def _own_routes(recording: Recording, notebook: Notebook, done: Mark, host: str) -> tuple[
        list[dict[str, Any]], Snapshot]:
    """The host's routes to an endpoint, but those that leave by the fabric, in its first state kept after a moment."""
    after = [shot for shot in recording.snapshots if shot.node == host and shot.ns >= done.ns]
    shot = notebook.stimulus(after, f"the state of {host} was not recorded after an endpoint was {done.name}")[0]
    rows = [row for row in shot.tables["route"] if row["dst"] == done.what.address and row["table"] != "local"]
    return [row for row in rows if row.get("dev") != "fabric0"], shot


def _expect_delivery(recording: Recording, notebook: Notebook, pinged: Mark) -> None:
    """What a container sent to c4 arrived there while c4 had an endpoint, and left no container's interface after."""
    sender = pinged.what.node
    sent = [each for each in _requests(recording.at(sender, outgoing=True), "c4") if each.frame.ns >= pinged.ns][:1]
    request = notebook.stimulus(sent, f"{sender} sent nothing to c4")[0]
    there = [each for each in _requests(recording.at("c4", outgoing=False), "c4") if _key(each) == _key(request)]
    if pinged.what.wanted:
        notebook.expect(there, f"what {sender} sent to c4 did not reach it", request)
        notebook.in_time(there[0].time - request.time, AT_ONCE, f"what {sender} sent to c4 came late", there[0])
        return
    left = [each for host in HOSTS for each in _requests(recording.at(host, "cali4", outgoing=True), "c4")
            if _key(each) == _key(request)]
    notebook.expect(not left, "a packet for c4 left its host after its endpoint was deleted", request, *left)


@played(test_each_endpoint_has_one_route_on_its_host, because="did not go with its endpoint")
def agent_forgets_the_route() -> Broken:
    """An agent that leaves the route behind when an endpoint moves away."""
    return Broken(EndpointsComeAndGo(agent=Agent(forgets=True)))


@edited(test_each_endpoint_has_one_route_on_its_host, because="did not reach it")
def route_of_no_use(recording: Recording) -> Recording:
    """The route is there, and packets do not pass."""
    return without(recording, frames=_requests(recording.at("c4", outgoing=False), "c4"))


@edited(test_each_endpoint_has_one_route_on_its_host, because="there are 2 routes")
def second_route(recording: Recording) -> Recording:
    """An agent that adds a route and does not replace the one of before."""

    def doubled(shot: Snapshot) -> Snapshot:
        return replace(shot, tables={**shot.tables, "route": [*shot.tables["route"], *shot.tables["route"]]})

    return replace(recording, snapshots=tuple(doubled(shot) for shot in recording.snapshots))


@edited(test_each_endpoint_has_one_route_on_its_host, because="no route to")
def route_never_appears(recording: Recording) -> Recording:
    """An agent that gives a migrated endpoint no route."""
    return without(recording, events=list(recording.happened("host2", "route", "new", dst=str(ADDRESSES["c4"]))))
