"""`--guest-image` from the user's side: the guide's example gets a lease, a console tells what is inside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures.machines import initramfs, kernels
from fixtures.programs.base import find_program
from fixtures.recording.storage import load

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "bring-your-own.md"
LEASE = "test_four_messages_then_the_address and dhcpv6-stateful"

Run = Callable[..., subprocess.CompletedProcess[str]]
needs_qemu = pytest.mark.skipif(find_program("qemu-system-x86_64") is None, reason="needs qemu-system-x86")

#: A machine with dhcpcd, and a root shell on its paravirtual console. busybox's shell would prefer its own `ip`.
INIT = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in {modules}; do insmod /modules/$module.ko; done
ip link set lo up
mkdir -p /var/lib/dhcpcd
dhcpcd --nobackground --config /dev/null --oneshot --noipv4 --nodev eth0 &
export ENV=/etc/shell
exec setsid sh -c 'exec sh -i </dev/hvc0 >/dev/hvc0 2>&1'
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Judges one image in a process of its own."""

    def run(image: Path | str, *words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT),
                str(ROOT / "conformance/checks/dhcpv6/test_lease_exchange.py"), "-p", "no:cacheprovider",
                "--router", "dnsmasq", "--report-dir", str(tmp_path / "out"), "--guest-image", str(image), *words]
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=240)

    return run


def verdicts(tmp_path: Path) -> list[dict[str, Any]]:
    document = json.loads((tmp_path / "out" / "compliance.json").read_text())
    return [each for each in document["verdicts"] if each["recording"]]


@needs_qemu
@pytest.mark.skipif(not Path("/usr/lib/ipxe/ipxe.lkrn").exists(), reason="needs ipxe, not installed here")
def test_the_guide_s_example_gets_a_lease(run: Run, tmp_path: Path) -> None:
    command = next(line for line in GUIDE.read_text(encoding="utf-8").splitlines() if "--guest-image docs/" in line)
    done = run(command.split("--guest-image ")[1].split()[0], "-k", LEASE)
    assert done.returncode == 0, done.stdout + done.stderr
    (told,) = verdicts(tmp_path)
    assert told["verdict"] == "pass"
    assert told["implementations"]["guest"]["name"] == "netboot"
    assert load(tmp_path / "out" / "recordings" / told["recording"]).opaque == ("guest",)


@needs_qemu
@pytest.mark.skipif(kernels.cached_kernel() is None, reason="needs a kernel for microvms (script/setup --all)")
def test_a_console_tells_what_is_inside(run: Run, tmp_path: Path) -> None:
    kernel = kernels.cached_kernel()
    assert kernel is not None
    names = [*kernels.MODULES[:2], *kernels.PCI, *kernels.MODULES[3:]]
    files: dict[str, Path | str] = {f"modules/{name}.ko": kernel.home / f"{name}.ko" for name in names}
    files["etc/shell"] = f'ip() {{ {find_program("ip")} "$@"; }}\n'
    root = initramfs.root("console", ("ip", "dhcpcd"), {"init": INIT.format(modules=" ".join(names)), **files})
    manifest = tmp_path / "inside.toml"
    manifest.write_text(f'schema = 1\nkernel = "{kernel.image}"\ninitrd = "{root}"\nconsole = "virtconsole"\n'
                        'append = "console=ttyS0 quiet panic=-1 mitigations=off"\nmemory = 256\n')
    done = run(manifest, "-k", LEASE)
    assert done.returncode == 0, done.stdout + done.stderr
    (told,) = verdicts(tmp_path)
    shot = load(tmp_path / "out" / "recordings" / told["recording"]).snapshot("booted", "guest")
    assert shot is not None
    leased = [row for row in shot.tables["address"] if row["local"].startswith("2001:db8:1::")]
    assert [(row["ifname"], row["prefixlen"]) for row in leased] == [("eth0", 128)]
    assert any(row["dst"] == "default" for row in shot.tables["route"])


@pytest.mark.parametrize(("name", "text", "sentence"), [
    ("gone.qcow2", None, "--guest-image {file}: No such file or directory; name a disk image, a kernel or a manifest"),
    ("notes.img", "hello", "--guest-image {file}: this is neither a qcow2 or raw disk, a CD, nor a kernel"),
    ("mine.toml", "schema = 2", "--guest-image {file}:1: `schema`: it must be 1"),
])
def test_bad_input_is_one_sentence(run: Run, tmp_path: Path, name: str, text: str | None, sentence: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    done = run(tmp_path / name)
    assert done.returncode == 4
    assert sentence.format(file=tmp_path / name) in done.stdout + done.stderr
