"""What Allure shows beside a story that is not a pass: the packets, and the picture of the topology."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from allure_commons.model2 import Attachment

from conformance.judging.verdict import Outcome
from reports.allure.story import Story
from reports.document.catalogue_rows import stage
from reports.document.recordings import FOLDER, manifest, name_of
from reports.drawing.pictures import draw

#: Of these verdicts packets are attached: of all plays they would make Allure's page unusable.
WORTH = (Outcome.FAIL, Outcome.WARN, Outcome.FLAKY, Outcome.INCONCLUSIVE, Outcome.ERROR)
#: Bytes of packets that are attached; of longer plays the story names the file.
MOST = 200_000
PACKETS, PICTURE = "application/vnd.tcpdump.pcap", "image/svg+xml"


class Shown:
    """Attachments of a report's results; what several results show is one file."""

    def __init__(self, base: Path, folder: Path) -> None:
        self._base = base
        self._folder = folder
        self._packets: dict[str, str] = {}
        self._pictures: dict[str, str | None] = {}

    def attachments(self, story: Story) -> list[Attachment]:
        """Those of a story; none of a pass, and none where the recording is gone. Raises OSError."""
        verdict = story.cell.verdict
        if verdict["verdict"] not in WORTH or story.capture is None:
            return []
        found = []
        source = self._packets.get(story.capture)
        packets = self._base / story.capture
        if source is None and packets.stat().st_size <= MOST:
            source = f"packets-{len(self._packets)}{'.pcapng.gz' if packets.name.endswith('.gz') else '.pcapng'}"
            shutil.copyfile(packets, self._folder / source)
            self._packets[story.capture] = source
        if source:
            found.append(Attachment(name="packets", source=source, type=PACKETS))
        play = manifest(self._base / FOLDER / name_of(verdict["recording"] or "")).get("play", {})
        picture = self._picture(str(play.get("topology", "")))
        if picture:
            found.append(Attachment(name="topology", source=picture, type=PICTURE))
        return found

    def _picture(self, topology: str) -> str | None:
        if topology not in self._pictures:
            found = stage(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", topology))
            source = f"topology-{len(self._pictures)}.svg" if found else None
            if found and source:
                (self._folder / source).write_text(draw(found), encoding="utf-8")
            self._pictures[topology] = source
        return self._pictures[topology]
