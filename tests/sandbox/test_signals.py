"""Signals and the terminal reach the inner pytest as if there were no sandbox between."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys

import pexpect  # type: ignore[import-untyped]
import pytest

from tests.sandbox.trial import LIMIT, Trial

_WAITING = """
    import os, signal
    def test_it():
        signal.signal(signal.SIGCONT, lambda *_: print("going on", flush=True))
        print("waiting", flush=True)
        while True:
            signal.pause()
"""


def _spawn(trial: Trial, *arguments: str) -> pexpect.spawn[str]:
    command, *rest = trial.pytest(*arguments)
    return pexpect.spawn(
        command, rest, cwd=str(trial.directory), env=trial.environment, encoding="utf-8", timeout=LIMIT
    )


def test_control_c(trial: Trial) -> None:
    trial.write("test_it.py", _WAITING)
    terminal = _spawn(trial, "-s")
    terminal.expect("waiting")
    terminal.sendintr()
    terminal.expect("KeyboardInterrupt")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 2


def test_control_z(trial: Trial) -> None:
    """From a shell with job control: the kernel stops no process group that nobody could continue."""
    trial.write("test_it.py", _WAITING)
    shell = pexpect.spawn(
        "sh", ["-i"], cwd=str(trial.directory), env=trial.environment, encoding="utf-8", timeout=LIMIT, echo=False
    )
    shell.sendline(shlex.join(trial.pytest("-s")))
    shell.expect("waiting")
    shell.sendcontrol("z")
    shell.expect("Stopped")
    shell.sendline("fg")
    shell.expect("going on")
    shell.sendintr()
    shell.expect("KeyboardInterrupt")
    shell.sendline('echo "status: $?"; exit')
    shell.expect("status: 2")
    shell.expect(pexpect.EOF)
    shell.close()


def test_debugger_has_the_keyboard(trial: Trial) -> None:
    trial.write("test_it.py", "def test_it():\n    answer = 6 * 7\n    assert answer == 0\n")
    terminal = _spawn(trial, "--pdb")
    terminal.expect_exact("(Pdb)")
    terminal.sendline("p 'it is', answer")
    terminal.expect_exact("('it is', 42)")
    terminal.sendline("q")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 2


def test_colours_on_a_terminal(trial: Trial) -> None:
    trial.write("test_it.py", "def test_it(): pass")
    terminal = _spawn(trial)
    terminal.expect_exact("\x1b[32m")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 2), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGUSR1, 138)]
)
def test_signal_to_the_outer_pytest_only(trial: Trial, number: signal.Signals, status: int) -> None:
    trial.write("test_it.py", _WAITING)
    outer = subprocess.Popen(
        trial.pytest("-s"), cwd=trial.directory, env=trial.environment, stdout=subprocess.PIPE, text=True
    )
    assert outer.stdout is not None
    with outer.stdout:
        for line in outer.stdout:
            if "waiting" in line:
                outer.send_signal(number)
                break
        outer.stdout.read()
    assert outer.wait(LIMIT) == status
    assert not trial.processes()


def test_signal_before_process_one_watches_is_not_lost(trial: Trial) -> None:
    """At whatever moment SIGTERM comes, the run ends."""
    for pause in (0.0, 0.02, 0.04, 0.06, 0.08, 0.1):
        outer = trial.start(trial.sandbox(sys.executable, "-c", "import signal; signal.pause()"))
        with pytest.raises(subprocess.TimeoutExpired):  # not waiting for a result: choosing the moment
            outer.wait(pause)
        outer.terminate()
        assert outer.wait(LIMIT) in (-signal.SIGTERM, 143)
        trial.wait_until_gone()
