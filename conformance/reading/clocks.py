"""How exactly a guest keeps time, as far as the wire shows it."""

from __future__ import annotations

from fixtures.recording.model import Recording
from fixtures.timers import TICK

#: Seconds by which a frame may leave an emulated machine late, when its processor has much else to do.
LATE_FRAME = 0.2


def early(recording: Recording) -> float:
    """Seconds by which one packet of the guest may come too soon after another one: a timer tick of the kernel.

    More where the first of them may have left an emulated machine late: then the wait was longer than the wire shows.
    """
    return LATE_FRAME if "guest" in recording.opaque else TICK
