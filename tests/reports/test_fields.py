"""The fields that checks name as evidence are fields that the report's pages show."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "reports" / "site" / "assets"


def shown() -> set[str]:
    """Every name in the page's dissectors."""
    return {name for path in ASSETS.glob("dissect*.js") for name in re.findall(r'"([^"\n]+)"', path.read_text())}


def named() -> Iterator[tuple[str, str]]:
    """Every field that a check names, with where it does: `field="..."`, and the values of tables called FIELDS."""
    for path in sorted((ROOT / "conformance").rglob("*.py")):
        for each in ast.walk(ast.parse(path.read_text())):
            values: list[ast.expr] = []
            if isinstance(each, ast.keyword) and each.arg == "field":
                values = [each.value]
            elif isinstance(each, ast.Assign) and [ast.unparse(name) for name in each.targets] == ["FIELDS"]:
                values = each.value.values if isinstance(each.value, ast.Dict) else []
            for value in values:
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                    yield value.value, f"{path.relative_to(ROOT)}:{value.lineno}"


def test_named_fields_are_shown() -> None:
    found = list(named())
    assert len(found) > 70
    known = shown()
    assert [(name, where) for name, where in found if name not in known] == []
