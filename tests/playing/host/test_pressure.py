"""The kernel's pressure figures, on an artificial clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.playing.host import pressure
from fixtures.playing.host.pressure import PACE, Pressure, seconds_waited


def test_as_the_kernel_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressure, "FILE", tmp_path / "cpu")
    assert seconds_waited() is None, "an older kernel"
    (tmp_path / "cpu").write_text("some avg10=1.53 avg60=1.20 avg300=0.90 total=2500000\n"
                                  "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n")
    assert seconds_waited() == 2.5


@pytest.mark.parametrize(("gained", "pressed"), [(0.0, False), (0.8, False), (0.95, True)])
def test_pressed_is_who_nearly_always_waits(gained: float, pressed: bool) -> None:
    clock, total = [0.0], [5.0]
    asked = Pressure(lambda: total[0], lambda: clock[0])
    clock[0], total[0] = PACE / 2, 5.0 + PACE
    assert not asked(), "too early to tell"
    clock[0], total[0] = PACE * 2, 5.0 + gained * PACE * 2
    assert asked() is pressed


def test_where_the_kernel_does_not_tell_nothing_is_pressed() -> None:
    clock = [0.0]
    asked = Pressure(lambda: None, lambda: clock[0])
    clock[0] = 9.0
    assert not asked()
