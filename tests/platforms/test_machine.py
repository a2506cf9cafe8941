"""A root reaches packages as the machine does: what is taken over from apt's and pip's settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from platforms import machine


def test_the_machines_own_mirrors_are_known_by_their_origin() -> None:
    told = ("Debian|Debian|https://mirror.example/debian/\nDebian|Debian|https://mirror.example/debian/\n"
            "Debian|Debian-Security|http://mirror.example/security/\nMine|Mine|https://mine.example/\n||\n")
    assert machine.mirrors(told) == {
        ("Debian", "Debian"): "https://mirror.example/debian",
        ("Debian", "Debian-Security"): "http://mirror.example/security",
        ("Mine", "Mine"): "https://mine.example",
    }


def test_a_mirror_that_a_root_cannot_reach_is_none() -> None:
    assert machine.mirrors("Debian|Debian|cdrom:[Debian]/\nDebian|Debian|file:/srv/debian/") == {}


def test_of_apt_only_how_archives_are_reached() -> None:
    lines = ['Acquire::http::Proxy "http://proxy.example:3142";', 'Acquire::Check-Valid-Until "false";',
             'Acquire::https::mirror.example::Verify-Peer "false";']
    others = ['Dir::State "var/lib/apt";', 'DPkg::Post-Invoke:: "rm -rf /";', 'Acquire::Languages:: "none";',
              'Acquire::http "";Dir::Etc "/x";'.replace("http ", "nothttp ")]
    assert machine.apt_settings("\n".join([*lines, *others])) == lines


def test_of_pip_everything_but_the_environments_own() -> None:
    told = ":env:.cert='/a.crt'\nglobal.extra-index-url='https://one.example https://two.example'\ninstall.pre='1'\n"
    assert machine.pip_settings(told) == {
        "global": {"extra-index-url": "https://one.example https://two.example"}, "install": {"pre": "1"}}


def test_paths_are_those_that_exist_and_a_mirror_is_meant_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "mirror/simple").mkdir(parents=True)
    (tmp_path / "ca.crt").touch()
    values = [f"https://index.example file://{tmp_path}/mirror/simple", f"{tmp_path}/ca.crt", f"{tmp_path}/gone", "180"]
    assert machine.paths_in(values) == [tmp_path / "ca.crt", tmp_path / "mirror"]


def test_variables_that_lead_to_packages_are_handed_on_and_no_others() -> None:
    given = {"PIP_INDEX_URL": "u", "https_proxy": "p", "HTTP_PROXY": "q", "SSL_CERT_FILE": "c", "HOME": "/h"}
    assert machine.environment(given).keys() == {"PIP_INDEX_URL", "https_proxy", "HTTP_PROXY", "SSL_CERT_FILE"}


def test_nothing_is_bound_below_etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An overlay over /etc, which an ordinary user's sandbox makes, cannot be mounted then."""
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "wheels").mkdir()
    monkeypatch.setenv("SSL_CERT_DIR", "/etc/ssl")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    bound = machine.furnish(tmp_path / "root")
    assert tmp_path / "wheels" in bound and not any(path.is_relative_to("/etc") for path in bound)


def test_what_is_written_does_not_follow_a_link_out_of_the_root(tmp_path: Path) -> None:
    """Where systemd-resolved is, /etc/resolv.conf is a link to /run."""
    (tmp_path / "etc").mkdir()
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    (tmp_path / "etc/resolv.conf").symlink_to(outside)
    machine.furnish(tmp_path)
    assert outside.read_text() == "untouched"
    assert not (tmp_path / "etc/resolv.conf").is_symlink()
