"""The fields that evidence names are fields that the report's pages show."""

from pathlib import Path

import pytest

from conformance.checks.router_discovery.test_invalid_advertisements import FIELDS
from conformance.judging.deciding import LABELS

ASSETS = Path(__file__).parents[2] / "reports" / "site" / "assets"


@pytest.mark.parametrize("name", sorted({*LABELS.values(), *FIELDS.values()}))
def test_a_named_field_is_shown(name: str) -> None:
    assert any(f'"{name}"' in path.read_text() for path in ASSETS.glob("dissect*.js"))
