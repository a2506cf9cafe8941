"""What a snapshot says of CloudStack's VM."""

from __future__ import annotations

from conformance.judging.verdict import Notebook
from fixtures.recording.model import Recording, Snapshot


def looked_at(recording: Recording, notebook: Notebook, name: str) -> Snapshot:
    """The VM's kernel at a moment."""
    shot = recording.snapshot(name, "guest")
    return notebook.stimulus([shot] if shot is not None else [], f"the VM's state was not recorded ({name})")[0]


def gateways(shot: Snapshot) -> set[str]:
    """Where the VM's IPv6 default routes lead."""
    found = set()
    for row in shot.tables["route"]:
        if row["dst"] == "default":
            found |= {str(path.get("gateway")) for path in row.get("nexthops") or [row]}
    return {gateway for gateway in found if ":" in gateway}
