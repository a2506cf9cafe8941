"""What a cell is about, in a reader's words: never a test id."""

from __future__ import annotations

import re

from fixtures.names import in_file_name
from reports.document.cells import roles_in_order
from reports.document.compliance import Verdict


def question(verdict: Verdict) -> str:
    """What the check asks, from its name: `test_renews_the_lease_at_t1` asks whether it `renews the lease at t1`."""
    test, _, _ = verdict["test"].rpartition("::")[2].partition("[")
    return test.removeprefix("test_").replace("_", " ") or "the suite itself"


def situation(verdict: Verdict) -> str:
    """What tells this cell from others of its check besides who took part: `stateful`, `slaac`, a capture's party."""
    _, _, inside = verdict["test"].rpartition("::")[2].rstrip("]").partition("[")
    names = {in_file_name(each["name"]) for each in verdict["implementations"].values()}
    for name in sorted(filter(None, names), key=len, reverse=True):
        inside = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", "\0", inside)
    words = [word for word in re.split(r"[\0+]|(?<=\0)-|-(?=\0)", inside) if word.strip("- ")]
    return " ".join(word.strip("-").replace("-", " ") for word in words)


def judged_party(verdict: Verdict) -> tuple[str, str]:
    """Role and name of whom the verdict is about: the column of its square."""
    role, parties = verdict["role"] or "", verdict["implementations"]
    party = verdict.get("party")
    if party in ("kernel", "peer", "model"):
        return role or party, {"kernel": "Linux kernel", "peer": "scripted peer", "model": "model"}[party]
    if role in parties:
        return role, parties[role]["name"]
    return role or "suite", "—"


def partners(verdict: Verdict) -> str:
    """Who else took part, in the order of roles."""
    parties, mine = verdict["implementations"], verdict["role"]
    names = [parties[role]["name"] for role in roles_in_order(parties) if role != mine]
    return " + ".join(dict.fromkeys(names))
