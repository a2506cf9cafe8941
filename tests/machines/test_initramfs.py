"""Roots in memory: the archive is one that other programs read, and a root is made once."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from fixtures.machines import initramfs, kernels
from fixtures.machines.kernels import CannotFetch, uncompressed
from fixtures.programs.base import find_program

needs_busybox = pytest.mark.skipif(find_program("busybox") is None, reason="needs busybox-static, not installed here")


@needs_busybox
def test_archive_is_read_by_others(tmp_path: Path) -> None:
    archive = initramfs.Archive()
    archive.directory("etc")
    archive.file("etc/deep/name", b"odd")
    archive.file("init", b"#!/bin/sh\n", executable=True)
    archive.link("bin/sh", "/bin/busybox")
    (tmp_path / "root.cpio").write_bytes(archive.with_end())
    subprocess.run(["busybox", "cpio", "-id", "-F", "root.cpio"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "etc/deep/name").read_bytes() == b"odd"
    assert (tmp_path / "init").stat().st_mode & 0o111
    assert str((tmp_path / "bin/sh").readlink()) == "/bin/busybox"


@needs_busybox
def test_a_root_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one = initramfs.root("small", ["true"], {"etc/motd": "hello"})
    made = one.stat().st_mtime_ns
    assert one.parent == kernels.cache() / "roots"
    assert initramfs.root("small", ["true"], {"etc/motd": "hello"}).stat().st_mtime_ns == made
    others = [initramfs.root("small", ["true"], {"etc/motd": f"hello {number}"}) for number in range(3)]
    assert len({one, *others}) == 4
    assert len(list(one.parent.glob("small-*.cpio"))) == initramfs.KEPT
    assert shutil.which("true") is not None


def test_a_kernel_of_another_kind_is_a_sentence() -> None:
    with pytest.raises(CannotFetch, match="not compressed with LZ4"):
        uncompressed(bytes(0x300))


def test_no_kernel_is_no_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kernels.cached_kernel() is None
    for release in ("6.1.0-9-cloud-amd64", "6.1.0-56-cloud-amd64"):
        (kernels.cache() / "kernels" / release).mkdir(parents=True)
        for name in ("version", "vmlinux", *(f"{each}.ko" for each in (*kernels.MODULES, *kernels.PCI))):
            (kernels.cache() / "kernels" / release / name).write_text("6.1\n")
    found = kernels.cached_kernel()
    assert found is not None and found.release == "6.1.0-56-cloud-amd64", "the newest, by number"
    (found.home / "vmlinux").unlink()
    left = kernels.cached_kernel()
    assert left is not None and left.release == "6.1.0-9-cloud-amd64", "a whole one"
