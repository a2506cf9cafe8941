"""The exit status of the inner pytest is the run's, and what only tells something stays outside."""

from __future__ import annotations

import os
import sys
import textwrap

import pytest

from tests.sandbox.trial import Trial


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("assert True", 0),
        ("assert False", 1),
        ("raise KeyboardInterrupt", 2),
        ("import os; os._exit(3)", 3),
        ("import pytest; pytest.exit('bad input', 4)", 4),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137),
    ],
)
def test_exit_status(trial: Trial, body: str, status: int) -> None:
    trial.write("test_it.py", f"def test_it():\n    {body}\n")
    assert trial.run(trial.pytest()).returncode == status


def test_nothing_collected(trial: Trial) -> None:
    assert trial.run(trial.pytest()).returncode == 5


def test_bad_option(trial: Trial) -> None:
    done = trial.run(trial.pytest("--no-such-option"))
    assert done.returncode == 4
    assert "unrecognized arguments: --no-such-option" in done.stderr


@pytest.mark.parametrize(("command", "status"), [("true", 0), ("exit 7", 7), ("kill -TERM $$", 143)])
def test_any_command(trial: Trial, command: str, status: int) -> None:
    assert trial.run(trial.sandbox("sh", "-c", command)).returncode == status


def test_command_that_is_not_there(trial: Trial) -> None:
    done = trial.run(trial.sandbox("no-such-program"), PATH="/usr/bin:/bin")
    assert (done.returncode, done.stderr) == (127, "sextant: no-such-program: No such file or directory\n")


@pytest.mark.parametrize("arguments", [[], ["--"], ["--keep"], ["--wrong", "--", "true"]])
def test_bad_command_line(trial: Trial, arguments: list[str]) -> None:
    done = trial.run([sys.executable, "-m", "fixtures.sandbox", *arguments])
    assert done.returncode == 4
    assert done.stderr.startswith("sextant: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("option", ["--help", "--version", "--collect-only", "--markers", "--fixtures"])
def test_only_telling_needs_no_sandbox(trial: Trial, option: str) -> None:
    trial.write("test_it.py", "def test_it(): ...")
    trial.write(
        "conftest.py",
        """
        import os
        pytest_plugins = ["fixtures.sandbox.plugin"]
        def pytest_unconfigure():
            print("in a sandbox:", "SEXTANT_SANDBOX" in os.environ)
        """,
    )
    done = trial.run(trial.pytest(option, "-s"))
    assert done.returncode == 0
    assert "in a sandbox: True" not in done.stdout


def test_another_plugin_may_do_without(trial: Trial) -> None:
    trial.write(
        "conftest.py",
        """
        pytest_plugins = ["fixtures.sandbox.plugin"]
        def pytest_sextant_needs_sandbox(config):
            return False if config.getoption("verbose") else None
        """,
    )
    trial.write("test_it.py", 'import os\ndef test_it(): assert "SEXTANT_SANDBOX" not in os.environ')
    assert trial.run(trial.pytest("-v")).returncode == 0
    assert trial.run(trial.pytest()).returncode == 1


def test_mark_that_leaked_out_means_nothing(trial: Trial) -> None:
    trial.write("test_it.py", 'import os\ndef test_it(): assert os.environ["SEXTANT_SANDBOX"] != "1"')
    assert trial.run(trial.pytest(), SEXTANT_SANDBOX="1").returncode == 0


def test_caller_of_pytest_main_survives(trial: Trial) -> None:
    trial.write("test_it.py", "def test_it(): assert False")
    trial.write(
        "caller.py",
        """
        import pytest, threading
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        print("returned", int(pytest.main(["-q"])))
        """,
    )
    done = trial.run([*trial.user, sys.executable, "caller.py"])
    assert done.stdout.endswith("returned 1\n")


def test_selection_folder_and_cache_are_the_callers(trial: Trial) -> None:
    trial.write(
        "below/test_it.py",
        """
        import os
        def test_one(): assert os.getcwd().endswith("/below")
        def test_two(): assert False
        """,
    )
    script = textwrap.dedent("""
        import os, subprocess, sys
        os.chdir("below")
        sys.exit(subprocess.call([sys.executable, "-m", "pytest", "-k", "one", "--color=yes", "--junitxml=/tmp/j.xml"]))
    """)
    done = trial.run([*trial.user, sys.executable, "-c", script])
    assert done.returncode == 0
    assert "\x1b[32m" in done.stdout
    assert (trial.directory / ".pytest_cache/CACHEDIR.TAG").stat().st_uid == os.geteuid()
    with open("/tmp/j.xml") as report:
        assert 'tests="1"' in report.read()
    os.unlink("/tmp/j.xml")


def test_folder_of_the_caller_is_on_the_module_path_only_as_with_plain_pytest(trial: Trial) -> None:
    trial.write("below/helper.py", "")
    trial.write("below/tests/test_it.py", "def test_it(): import helper")
    trial.write("bin/pytest", "import sys, pytest; sys.exit(pytest.console_main())")
    for program, status in ((("-m", "pytest"), 0), ((f"{trial.directory}/bin/pytest",), 1)):
        script = f"import os, sys; os.chdir('below'); os.execv(sys.executable, [sys.executable, *{program!r}])"
        assert trial.run([*trial.user, sys.executable, "-c", script]).returncode == status


def test_basetemp_that_cannot_be_kept(trial: Trial) -> None:
    done = trial.run(trial.pytest("--basetemp=/tmp/here"))
    assert done.returncode == 4
    assert "name a folder one level below, or elsewhere" in done.stderr


def test_basetemp_is_kept(trial: Trial) -> None:
    trial.write("test_it.py", "def test_it(tmp_path): (tmp_path / 'file').touch()")
    assert trial.run(trial.pytest(f"--basetemp={trial.directory}/base")).returncode == 0
    assert len(list(trial.directory.glob("base/*0/file"))) == 1
