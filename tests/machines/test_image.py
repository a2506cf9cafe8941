"""Guest images: what a file is, what a manifest says, and what is wrong with either, in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.machines import image
from fixtures.machines.image import BadImage, load
from fixtures.machines.imaged import ImagedGuest

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "netboot.toml"
SECTOR = bytes(510) + b"\x55\xaa"
KERNEL = bytes(0x202) + b"HdrS" + bytes(100)


@pytest.mark.parametrize(("begins", "kind"), [
    (b"QFI\xfb\0\0\0\x03", "qcow2"),
    (SECTOR, "raw"),
    (KERNEL, "kernel"),
    (SECTOR + bytes(0x8001 - 512) + b"CD001", "cdrom"),
])
def test_kinds(tmp_path: Path, begins: bytes, kind: str) -> None:
    file = tmp_path / "My Guest_1.img"
    file.write_bytes(begins)
    found = load(file)
    assert (image.kind_of(file), found.name) == (kind, "my-guest-1")
    assert (found.kernel == file) is (kind == "kernel")
    assert (found.disk == file) is (kind != "kernel")


@pytest.mark.parametrize(("text", "line", "sentence"), [
    ("", "", "`schema`: it must be 1"),
    ("schema = 1", "", "`disk`: name either a disk or a kernel"),
    ('schema = 1\nkernel = "there"\nmemroy = 1', ":3", "`memroy`: unknown key; the nearest known is `memory`"),
    ('schema = 1\nkernel = "gone"', ":2", "`kernel`: there is no file "),
    ('schema = 1\nkernel = "there"\nmemory = 8', ":3", "`memory`: it must be MiB, 16 to 16384, not 8"),
    ('schema = 1\nkernel = "there"\nmemory = "1G"', ":3", "`memory`: it must be a number, not '1G'"),
    ('schema = 1\nkernel = "there"\nconsole = "com1"', ":3", "`console`: it must be one of ttyS0, virtconsole"),
    ('schema = 1\nkernel = "there"\nbooted = "("', ":3", "`booted`: '(' is no regular expression"),
    ('schema = 1\ndisk = "there"', ":2", "`disk`: this is a kernel; write `kernel`"),
    ('schema = 1\nkernel = "there"\n[lacks]\ntact = "x"', ":3", "`lacks`: a guest has no feature 'tact'"),
    ("schema =", "", "this is no TOML"),
])
def test_wrong_manifests(tmp_path: Path, text: str, line: str, sentence: str) -> None:
    (tmp_path / "there").write_bytes(KERNEL)
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(BadImage) as refused:
        load(file)
    assert str(refused.value).startswith(f"{file}{line}: ")
    assert sentence in str(refused.value)


def test_wrong_files(tmp_path: Path) -> None:
    with pytest.raises(BadImage, match="No such file"):
        load(tmp_path / "gone.qcow2")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(BadImage, match="neither a qcow2 or raw disk"):
        load(tmp_path / "text")


def test_what_a_manifest_says(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(KERNEL)
    file = tmp_path / "mine.toml"
    file.write_text('schema = 1\nname = "Mine"\nkernel = "there"\nappend = "a=b"\nmemory = 64\nversion = "3"\n'
                    'console = "virtconsole"\ncard = "e1000"\n[lacks]\nduid-ll = "its manual"\n')
    who = ImagedGuest(load(file))
    assert (who.name, who.version(), who.opaque) == ("mine", "3", True)
    assert who.lacks["duid-ll"] == "its manual"
    assert set(who.image.files) == {file, tmp_path / "there"}


def test_version_is_that_of_the_content(tmp_path: Path) -> None:
    versions = set()
    for data in (SECTOR, SECTOR + b"x"):
        (tmp_path / "disk").write_bytes(data)
        versions.add(ImagedGuest(load(tmp_path / "disk")).version())
    assert len(versions) == 2 and all(version.startswith("sha256-") for version in versions)


@pytest.mark.skipif(not Path("/usr/lib/ipxe/ipxe.lkrn").exists(), reason="needs ipxe, not installed here")
def test_the_guide_s_example() -> None:
    assert load(EXAMPLE).name == "netboot"
