"""The project's shape stays one that a reader can take in: sizes of files, folders and classes."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[1]
ROOMS = ("benchmarks", "conformance", "fixtures", "linux", "platforms", "reports", "tests", "topologies")
#: A folder whose files are each one of a kind, found by being there.
OF_A_KIND = Path("fixtures/implementations")
LINES, FILES, METHODS = 400, 25, 20


def sources() -> Iterator[Path]:
    """The code files, from the project's root."""
    for room in ROOMS:
        yield from (path.relative_to(PROJECT) for path in (PROJECT / room).rglob("*.py")
                    if not path.relative_to(PROJECT).is_relative_to("reports/out"))


def methods(name: ast.ClassDef) -> list[str]:
    return [each.name for each in name.body
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and not each.name.startswith("_")]


def test_no_file_is_too_long() -> None:
    lengths = {path: len((PROJECT / path).read_text(encoding="utf-8").splitlines()) for path in sources()}
    assert lengths
    assert {str(path): length for path, length in lengths.items() if length > LINES} == {}


def test_no_folder_has_too_many_files() -> None:
    folders = Counter(path.parent for path in sources() if path.name != "__init__.py")
    assert folders
    assert {str(path): count for path, count in folders.items() if count > FILES and path != OF_A_KIND} == {}


def test_no_class_has_too_many_public_methods() -> None:
    classes = {f"{path}: {each.name}": len(methods(each)) for path in sources()
               for each in ast.walk(ast.parse((PROJECT / path).read_text(encoding="utf-8")))
               if isinstance(each, ast.ClassDef)}
    assert classes
    assert {name: count for name, count in classes.items() if count > METHODS} == {}
