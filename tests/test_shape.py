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


#: Who returns what it was given, changed so, as `sorted` does; decorators (`@edited`, `@played`); states; and words of
#: the suite's own, such as `recording.happened(...)`.
KEPT = """
    answered asked assembled assigned called changed checked cleared committed completed concealed connected
    cooked declined disbelieved disowned done doubled edited emptied ended exceeded expanded extended failed
    finished flawed found gone guarded happened heard held informed joined judged known leased left lost
    marked named numbered occupied packed padded placed played powered preferred probed quartered quoted
    reached relayed released rendered resolved said seen sent shifted shortened shown spaced started tagged
    tunnelled uncompressed unpacked unsharded unwrapped wrapped written zoned
"""
IRREGULAR = """
    bound brought done drawn found given gone heard held kept known led left lost made meant met said seen sent shown
    spoken taken thought told used worn written"""


def test_functions_are_named_by_what_they_return_or_do() -> None:
    """A bare participle says neither; a new one is either a better name or a word for the list."""
    kept, irregular, found = set(KEPT.split()), set(IRREGULAR.split()), set()
    for path in sources():
        if path.parts[0] in ("benchmarks", "tests"):
            continue
        for each in ast.walk(ast.parse((PROJECT / path).read_text(encoding="utf-8"))):
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and "property" not in ast.dump(
                    ast.Module(each.decorator_list, [])):  # type: ignore[arg-type]
                word = each.name.strip("_")
                if "_" not in word and (word in irregular or word.endswith("ed")) and word not in ("feed", "heed"):
                    found.add(word)
    assert found - kept == set()
    assert kept - found == set(), "no function is called so any more"
