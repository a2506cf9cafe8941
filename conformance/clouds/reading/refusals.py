"""What a cloud was asked and refused."""

from __future__ import annotations

from conformance.judging.verdict import Notebook
from fixtures.clouds.asking import CloudAsked, CloudRefused
from fixtures.recording.model import Recording


def expect_refused(recording: Recording, notebook: Notebook, *questions: str) -> None:
    """Expect that the cloud said no to each."""
    for what in questions:
        asked = [mark for mark in recording.marked(CloudAsked) if mark.what.what == what]
        notebook.stimulus(asked, f"the cloud was not asked to {what}")
        said = [mark for mark in recording.marked(CloudRefused) if mark.what.what == what]
        notebook.expect(said, f"the cloud did not refuse to {what}", asked[0], *said)
