"""How long tests wait for what is to come. Whatever comes ends the wait, so patience costs only those who fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

#: The seconds that a test says are meant for a machine that has nothing else to do; so many times that are waited for.
PATIENCE = 3


def becomes(condition: Callable[[], Any], within: float) -> Any:
    """Look every 50 ms until the condition holds or the time is over; its last value."""
    deadline, pause = time.monotonic() + PATIENCE * within, threading.Event()
    while not (value := condition()) and time.monotonic() < deadline:
        pause.wait(0.05)
    return value
