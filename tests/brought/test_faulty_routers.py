"""Routers with one fault each, brought by their owners: each turns red for its fault and for no other."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping

import pytest

from tests.conformance.test_bad_input import PROJECT, run

HEALTHY = "python-router"
SOURCE = (PROJECT / "examples" / "router" / "router.py").read_text()
MANIFEST = (PROJECT / "examples" / "router" / "python-router.toml").read_text()

#: Seconds that no play lasts.
NEVER = "1e6"
#: What says that a router runs which advertises nothing yet.
READY = "print('advertised', flush=True)"
DRAWN = 'chance.uniform(router["min_interval"], router["max_interval"])'
#: By name: what is changed in the healthy router, what turns red then, and what its reason says.
FAULTS: Mapping[str, tuple[Mapping[str, str], str, str]] = {
    "three-words": ({DRAWN: f"{DRAWN} if sent < INITIAL else {NEVER}"},
                    "RA-03.goes-on", "after 3 RAs the router fell silent"),
    "only-asked": ({DRAWN: NEVER, "134, 3, 16,": "134, 0, 16,",
                    "time.monotonic(), False\n": f"time.monotonic() + {NEVER}, False\n{READY}\n"},
                   "RA-03.goes-on", "sent no RA unasked"),
    "host-bits": ({"+ network[0].packed": "+ network[1].packed"}, "RA-25", "has bits after its length"),
    "fickle": ({"    message = struct.pack(": "    flags ^= (sent % 2) << 7\n    message = struct.pack("},
               "RA-05", "M changed"),
    "short-lived": ({'else router["lifetime"]': 'else router["max_interval"] // 2'}, "RA-22.router",
                    "is shorter than the longest interval between RAs"),
}
#: What a router is judged by that serves a quiet link: all that it says, and when.
JUDGED = ("RA-02", "RA-03", "RA-05", "RA-22", "RA-24", "RA-25")


@pytest.fixture(scope="module")
def reds(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, str]]:
    """By router: the reasons of each red part."""
    folder = tmp_path_factory.mktemp("routers")
    options = ["--router", HEALTHY, "--implementation", str(PROJECT / "examples" / "router" / "python-router.toml")]
    for name, (changes, _, _) in FAULTS.items():
        text = SOURCE
        for before, after in changes.items():
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        (folder / f"{name}.py").write_text(text)
        (folder / f"{name}.py").chmod(0o755)
        manifest = MANIFEST.replace(HEALTHY, name).replace("./router.py", f"./{name}.py")
        (folder / f"{name}.toml").write_text(manifest)
        options += ["--implementation", str(folder / f"{name}.toml"), "--router", name]
    report = folder / "reports" / "out"
    wanted = [word for id in JUDGED for word in ("--requirement", id)]
    done = run("conformance/", *options, *wanted, "--guest", "linux", report=report, within=400)
    assert done.returncode == 1, done.stdout
    found: dict[str, dict[str, str]] = defaultdict(lambda: defaultdict(str))
    for each in json.loads((report / "compliance.json").read_text())["verdicts"]:
        router = each["implementations"].get("router", {}).get("name")
        assert each["verdict"] != "error", each["reason"]
        if router and each["verdict"] == "fail":
            found[router][each["part"] or each["requirement"]] += f"{each['reason']}; "
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_it_turns_red_for_its_fault_alone(name: str, reds: Mapping[str, Mapping[str, str]]) -> None:
    _, wanted, reason = FAULTS[name]
    assert list(reds[name]) == [wanted], reds[name]
    assert reason in reds[name][wanted]


def test_the_healthy_one_is_not_red(reds: Mapping[str, Mapping[str, str]]) -> None:
    assert reds[HEALTHY] == {}
