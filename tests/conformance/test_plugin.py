"""The plugin from the user's side: which tests there are, what is played, what the verdicts do to the exit status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.catalogue import deviations as known_deviations
from conformance.catalogue.requirements import catalogue
from conformance.judging.judge import judge  # noqa: F401, loaded before pytester watches the modules
from fixtures.recording.model import Recording, Refusal
from fixtures.recording.storage import SavedError, save
from tests.conformance.pretended import CHECK, OTHER, Program, Stage, verdicts

pytest_plugins = ["pytester"]

def without_flag(played: Recording) -> Recording:
    data = played.frames[0].data
    return replace(played, frames=(replace(played.frames[0], data=data[:59] + b"\0" + data[60:]),))


def test_one_test_for_each_cast_and_each_play_once(run: Callable[..., Any], stage: Stage) -> None:
    result = run(text=CHECK + OTHER)
    result.assertoutcome(passed=4)
    assert len(stage.played) == len(set(stage.played)) == 2
    assert set(verdicts(result)) == {f"{name}[dnsmasq-{guest}]" for name in ("test_managed_flag", "test_withdrawal")
                                     for guest in ("dhclient", "dhcpcd")}


def test_only_the_plays_of_selected_tests(run: Callable[..., Any], stage: Stage) -> None:
    run("-k", "dhcpcd")
    assert len(stage.played) == 1
    assert "dhcpcd" in stage.played[0]


def test_requirement_selects(run: Callable[..., Any]) -> None:
    assert set(verdicts(run("--requirement", "ra-04", text=CHECK + OTHER))) == {
        "test_withdrawal[dnsmasq-dhclient]", "test_withdrawal[dnsmasq-dhcpcd]"}


def test_part_selects(run: Callable[..., Any]) -> None:
    text = CHECK.replace('"RA-05", Unplayed()', '"RA-11", Unplayed(), parts=["code", "short"]')
    both = verdicts(run("--guest", "dhclient", "--requirement", "RA-11", text=text))
    assert {name: cell["part"] for name, cell in both.items()} == {
        f"test_managed_flag[dnsmasq-dhclient-{part}]": f"RA-11.{part}" for part in ("code", "short")}
    assert set(verdicts(run("--guest", "dhclient", "--requirement", "ra-11.Short", text=text))) == {
        "test_managed_flag[dnsmasq-dhclient-short]"}


def test_what_a_cell_says(run: Callable[..., Any]) -> None:
    cell = verdicts(run("--guest", "dhclient"))["test_managed_flag[dnsmasq-dhclient]"]
    assert (cell["requirement"], cell["part"]) == ("RA-05", None)
    assert cell["test"] == "conformance/test_it.py::test_managed_flag[dnsmasq-dhclient]"
    assert cell["implementations"]["guest"] == {"name": "dhclient", "version": "4.4.3-P1"}
    assert (cell["verdict"], cell["role"], cell["cloud"]) == ("pass", "router", None)
    assert cell["evidence"][0]["frame"] == 1
    assert cell["figures"] == [{"name": "flags", "value": 128, "unit": ""}]
    assert cell["reproduce"] == "script/conformance -k 'test_managed_flag[dnsmasq-dhclient]' --guest dhclient"


def test_fail_is_red(run: Callable[..., Any], stage: Stage) -> None:
    stage.direct = without_flag
    result = run("--guest", "dhclient")
    assert result.ret == 1
    story = str(result.getfailures()[0].longrepr)
    assert all(word in story for word in ("promised: RA-05", "the RA has M=0", "frame 1", "script/conformance -k"))


@pytest.mark.parametrize(("sometimes", "status"), [(False, 1), (True, 0)])
def test_known_deviation_is_not_red_until_it_stops(run: Callable[..., Any], stage: Stage, tmp_path: Path,
                                                   monkeypatch: pytest.MonkeyPatch, sometimes: bool,
                                                   status: int) -> None:
    (tmp_path / "dnsmasq.toml").write_text(
        '[[deviation]]\nrequirement = "RA-05"\nrole = "router"\nversions = "<2.91"\nsource = "https://example.com/"\n'
        'reason = "It forgets."\nrecording = "guest-boot"\n' + "sometimes = true\n" * sometimes)
    known = known_deviations.load(tmp_path, catalogue())
    monkeypatch.setattr("conformance.plugin.rulings.deviations", lambda: known)
    stage.direct = without_flag
    result = run("--guest", "dhclient")
    cell = verdicts(result)["test_managed_flag[dnsmasq-dhclient]"]
    assert (result.ret, cell["verdict"], cell["known_deviation"]["source"]) == (0, "fail", "https://example.com/")
    stage.direct = lambda played: played
    result = run("--guest", "dhclient")
    assert result.ret == status
    told = "".join(str(failure.longrepr) for failure in result.getfailures())
    assert ("remove that entry or narrow its versions" in told) == (not sometimes)


@pytest.mark.parametrize(("arguments", "status"), [((), 0), (("--strict",), 1)])
def test_warn_is_red_only_when_strict(run: Callable[..., Any], stage: Stage, arguments: tuple[str, ...],
                                      status: int) -> None:
    stage.direct = without_flag
    result = run("--guest", "dhclient", *arguments, text=OTHER)
    assert (result.ret, verdicts(result)["test_withdrawal[dnsmasq-dhclient]"]["verdict"]) == (status, "warn")


def test_inconclusive_is_red_unless_allowed(run: Callable[..., Any], stage: Stage,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    stage.direct = lambda played: replace(played, frames=())
    assert run("--guest", "dhclient").ret == 1
    monkeypatch.setattr("conformance.plugin.rulings.allowance_for",
                        lambda *cell: SimpleNamespace(reason="a slow clock"))
    result = run("--guest", "dhc*")
    assert [cell["verdict"] for cell in verdicts(result).values()] == ["inconclusive", "inconclusive"]
    assert result.ret == 0


def test_broken_play_is_an_error_of_the_suite(run: Callable[..., Any], stage: Stage) -> None:
    stage.direct = lambda played: replace(played, error="dnsmasq exited with status 2: bad option")
    result = run("--guest", "dhclient")
    assert result.ret == 3
    assert "bad option" in str(result.getfailures()[0].longrepr)


def test_missing_program_is_not_run_by_default_and_refused_by_name(run: Callable[..., Any], stage: Stage,
                                                                   capsys: pytest.CaptureFixture[str]) -> None:
    stage.known["dhcpcd"] = Program("dhcpcd", "guest", missing=("dhcpcd",))
    result = run()
    cell = verdicts(result)["test_managed_flag[dnsmasq-dhcpcd]"]
    assert (result.ret, cell["verdict"]) == (0, "not-run")
    assert cell["reason"] == "dhcpcd needs dhcpcd, not installed here; on Debian: apt install dhcpcd-package"
    told = " ".join(capsys.readouterr().out.split())
    assert "program dhcpcd guest dhcpcd: not run apt install dhcpcd-package" in told
    assert run("--guest", "dhcpcd").ret == 4


def test_full_disk_is_one_sentence(run: Callable[..., Any], stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    def full(played: Recording) -> Recording:
        raise SavedError("the recording cannot be saved in x: No space left on device")

    stage.direct = full
    assert run().ret == 3
    assert "the recording cannot be saved in x: No space left on device; free some space" in capsys.readouterr().out


def test_declared_lack_is_not_applicable(run: Callable[..., Any], stage: Stage) -> None:
    stage.known["dhcpcd"] = Program("dhcpcd", "guest", lacks={"dhcpv6": "its manual"})
    stage.direct = lambda played: replace(played, frames=()) if "dhcpcd" in played.play.id else played
    cell = verdicts(run())["test_managed_flag[dnsmasq-dhcpcd]"]
    assert (cell["verdict"], cell["reason"]) == ("not-applicable", "lacks dhcpv6 (dhcpcd): its manual")
    stage.direct = lambda played: played
    assert run().ret == 3


def test_declined_situation_is_not_applicable_and_not_played(run: Callable[..., Any], stage: Stage) -> None:
    stage.known["dnsmasq"] = Program("dnsmasq", "router dhcpv6-server", declines=True)
    result = run()
    assert {(cell["verdict"], cell["reason"]) for cell in verdicts(result).values()} == {
        ("not-applicable", "dnsmasq does not play this: not as dhcpv6-server and router")}
    assert not stage.played


def test_situation_declined_at_the_start_is_not_applicable(run: Callable[..., Any], stage: Stage) -> None:
    stage.direct = lambda played: replace(played, declined=Refusal("dnsmasq", "exit status 127"))
    found = verdicts(run())
    assert {(cell["verdict"], cell["reason"]) for cell in found.values()} == {
        ("not-applicable", "dnsmasq does not play this: exit status 127")}
    assert len(stage.played) == 2


def test_machine_does_not_play_what_is_done_inside_a_guest(run: Callable[..., Any], stage: Stage) -> None:
    stage.known["dhcpcd"] = Program("dhcpcd", "guest", opaque=True)
    stage.known["radvd"] = Program("radvd", "router dhcpv6-server")
    found = verdicts(run("--matrix=full"))
    machines = [cell for name, cell in found.items() if name.endswith("dhcpcd]")]
    assert [(cell["verdict"], cell["reason"]) for cell in machines] == [
        ("not-applicable", "dhcpcd is a machine of its own, and this play works inside the guest")]
    assert len(stage.played) == 4, "the others play against all"


def test_matrix_spares_machines(run: Callable[..., Any], stage: Stage) -> None:
    stage.known["dhcpcd"] = Program("dhcpcd", "guest", cores=1.0)
    text = CHECK.replace("@check(", """
class Costly(Unplayed):
    def matrix_spares(self, cores):
        return f"{cores:g} core is too much"

@check(""").replace("Unplayed(), role", "Costly(), role")
    assert {cell["verdict"] for cell in verdicts(run(text=text)).values()} == {"pass"}
    found = verdicts(run("--matrix=full", text=text))
    assert {cell["reason"] for cell in found.values() if cell["verdict"] == "not-run"} == {"1 core is too much"}
    assert {name.rpartition("-")[2] for name, cell in found.items() if cell["verdict"] == "not-run"} == {"dhcpcd]"}


def test_nightly_is_not_run_by_default(run: Callable[..., Any], stage: Stage) -> None:
    text = CHECK.replace("Unplayed()", 'Unplayed("long")')
    result = run(text=text)
    assert (result.ret, stage.played) == (5, [])
    assert {cell["reason"] for cell in verdicts(result).values()} == {"two-minute leases"}
    assert run("--nightly", text=text).ret == 0


@pytest.mark.parametrize("arguments", [("-k", "nobody"), ("--requirement", "LL-01")])
def test_empty_selection_is_not_green(run: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    assert run(*arguments).ret == 5


@pytest.mark.parametrize("arguments", [
    ("--guest", "dhcplient"), ("--requirement", "RA-99"), ("--recordings", "nowhere"),
])
def test_bad_input(run: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    assert run(*arguments).ret == 4


def test_recordings_are_judged_again_without_playing(run: Callable[..., Any], stage: Stage, tmp_path: Path) -> None:
    monday: dict[str, dict[str, Any]] = {}
    stage.direct = lambda played: save_too(played, tmp_path / "saved")
    monday = verdicts(run())
    stage.played.clear()
    stage.known["dhcpcd"] = Program("dhcpcd", "guest", missing=("dhcpcd",))
    result = run(f"--recordings={tmp_path / 'saved'}")
    assert (result.ret, stage.played) == (0, [])
    for test, cell in verdicts(result).items():
        assert {**cell, "reproduce": ""} == {**monday[test], "reproduce": ""}


def save_too(played: Recording, folder: Path) -> Recording:
    save(played, folder / played.play.id)
    return played


def test_recordings_without_a_planned_play(run: Callable[..., Any], stage: Stage, tmp_path: Path) -> None:
    stage.direct = lambda played: save_too(played, tmp_path / "saved")
    run("--guest", "dhclient")
    cell = verdicts(run(f"--recordings={tmp_path / 'saved'}"))["test_managed_flag[dnsmasq-dhcpcd]"]
    assert (cell["verdict"], cell["reason"]) == (
        "not-run", f"there is no recording of this play in {tmp_path / 'saved'}")


def test_unreadable_recording_is_one_sentence(run: Callable[..., Any], stage: Stage, tmp_path: Path,
                                              capsys: pytest.CaptureFixture[str]) -> None:
    stage.direct = lambda played: save_too(played, tmp_path / "saved")
    run("--guest", "dhclient")
    packets = next((tmp_path / "saved").glob("*/packets.pcapng.gz"))
    packets.write_bytes(packets.read_bytes()[:-9])
    capsys.readouterr()
    assert run(f"--recordings={tmp_path / 'saved'}").ret == 4
    assert "packets.pcapng.gz" in capsys.readouterr().err


def test_what_is_no_check_has_no_place_in_the_law(run: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(text="def test_plain(): pass\n").ret == 2
    assert "test_plain is no check" in capsys.readouterr().out


def test_wrong_declaration_is_one_sentence(run: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(text=CHECK.replace("RA-05", "RA-5")).ret == 2
    assert "test_managed_flag: unknown requirement 'RA-5'; did you mean RA-05?" in capsys.readouterr().out


def test_summary_counts_everything(run: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    run(text=CHECK + OTHER)
    assert ("2 requirements, 4 verdicts: pass 4 warn 0 fail 0 inconclusive 0 not-applicable 0 not-run 0 error 0"
            in capsys.readouterr().out)


def test_list_of_implementations(run: Callable[..., Any], stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.known["kea"] = Program("kea", "dhcpv6-server", missing=("kea-dhcp6",))
    assert run("--list-implementations").ret == 0
    lines = capsys.readouterr().out.splitlines()
    assert "dnsmasq   dhcpv6-server, router  2.90" in lines
    assert "kea       dhcpv6-server          not installed: apt install kea-package" in lines
