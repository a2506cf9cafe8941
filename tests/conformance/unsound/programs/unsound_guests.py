"""Guest clients that break their contract."""

from __future__ import annotations

from fixtures.programs.base import GuestClient, Post


class EndsAtOnce(GuestClient):
    """Says why, and ends."""

    name = "ends-at-once"

    def version(self) -> str:
        return "1"

    def start(self, post: Post) -> None:
        post.run(["sh", "-c", "echo 'unknown option --guest'; exit 64"], name=self.name).says("bound", 5.0)


class NeverReady(GuestClient):
    """Works and works."""

    name = "never-ready"

    def version(self) -> str:
        return "1"

    def start(self, post: Post) -> None:
        post.run(["sh", "-c", "echo soliciting; exec sleep 1000"], name=self.name).says("bound", 0.5)
