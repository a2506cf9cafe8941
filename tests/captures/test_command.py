"""`script/conformance --capture FILE` reaches pytest as the option that pytest leaves free."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "script"


@pytest.mark.parametrize(("arguments", "given"), [
    (["--capture", "office.pcapng"], ["--capture-file=office.pcapng"]),
    (["--capture=two words.pcap", "-k", "a b"], ["--capture-file=two words.pcap", "-k", "a b"]),
    (["--capture", "a.pcap", "--capture", "b.pcap"], ["--capture-file=a.pcap", "--capture-file=b.pcap"]),
    (["--capture", "no", "-q"], ["--capture=no", "-q"]),
    (["--capture=tee-sys"], ["--capture=tee-sys"]),
    (["--capture-file", "a.pcap"], ["--capture-file", "a.pcap"]),
    (["--capture"], ["--capture-file"]),
    (["conformance/wire"], ["conformance/wire"]),
])
def test_capture_is_told_from_pytest_s_own(arguments: list[str], given: list[str], tmp_path: Path) -> None:
    shutil.copytree(SCRIPTS, tmp_path / "script")
    with (tmp_path / "script" / "lib" / "common.sh").open("a") as common:
        common.write('set_up() { :; }\npytest_on() { shift; for argument; do echo "$argument"; done; }\n')
    done = subprocess.run([tmp_path / "script" / "conformance", *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == given
