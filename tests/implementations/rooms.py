"""Programs at posts of a real stage, without a recorder: what these tests need of a play."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from fixtures.playing.output import OutputPump
from fixtures.playing.post import NodePost
from fixtures.playing.survivors import end_all_in
from fixtures.programs.base import Implementation, ProgramError
from fixtures.situation import FabricTask, GuestSettings, ProxyTask, Situation
from tests.patience import PATIENCE, becomes
from topologies.stage.stage import Stage


class Rooms:
    """A started stage; guests are still down. `log` has what the programs wrote."""

    def __init__(self, topology: Any, situation: Situation, directory: Path) -> None:
        self.situation, self.directory = situation, directory
        self.pump, self.stage = OutputPump(), Stage(topology, keep=[directory])
        self.posts: list[NodePost] = []
        self.log: list[tuple[str, str]] = []

    def __enter__(self) -> Rooms:
        self.stage.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end_all_in({node.netns_inode for node in self.stage.hosts if node.powered})
        for post in self.posts:
            post.end(signal.SIGKILL)
        self.pump.close()
        self.stage.stop()

    def post(self, node: str, who: Implementation, *roles: str, settings: GuestSettings | None = None,
             task: ProxyTask | FabricTask | None = None, situation: Situation | None = None) -> NodePost:
        post = NodePost(
            roles=frozenset(roles) or who.roles, stage_node=self.stage.get(node),
            directory=self.directory / node / who.name, situation=situation or self.situation,
            settings=settings or GuestSettings(), task=task, pump=self.pump,
            wrote=lambda ns, node, program, text: self.log.append((f"{node} {program}", text)),
            await_link_local=self.link_local, configured=lambda name, text: None,
        )
        self.posts.append(post)
        return post

    def up(self, node: str) -> None:
        self.stage.get(node).up()

    def run(self, node: str, *argv: str) -> subprocess.CompletedProcess[str]:
        def run() -> subprocess.CompletedProcess[str]:
            return subprocess.run(argv, capture_output=True, text=True)
        done: subprocess.CompletedProcess[str] = self.stage.get(node).inside(run, files=True)
        return done

    def _ip(self, node: str, *arguments: str) -> Any:
        return json.loads(self.run(node, "ip", "-j", *arguments).stdout or "[]")

    def addresses(self, node: str, family: str = "-6", scope: str = "global") -> list[str]:
        """The addresses that are not tentative, with prefix lengths."""
        found = self._ip(node, family, "addr", "show", "scope", scope)
        return [f"{address['local']}/{address['prefixlen']}" for link in found for address in link.get("addr_info", [])
                if address and not address.get("tentative")]

    def routes(self, node: str, *selector: str) -> list[dict[str, Any]]:
        return list(self._ip(node, "-6", "route", "show", *selector))

    def link_local(self, node: str, interface: str, within: float) -> None:
        def usable() -> bool:
            found = self._ip(node, "-6", "addr", "show", "dev", interface, "scope", "link")
            return any(a and not a.get("tentative") for link in found for a in link.get("addr_info", []))
        if not becomes(usable, within):
            raise ProgramError(f"{interface} of {node} had no usable link-local address within {PATIENCE * within:g} s")
