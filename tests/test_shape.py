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


#: Who returns what it was given, changed so, as `sorted` does; the decorators of mutants; what a recording tells; and
#: a state. Whatever else a function does, a verb or a noun says it better.
PARTICIPLES = """
    checked completed cooked doubled harmed joined mended numbered quoted rendered resized shifted shortened spaced
    tagged uncompressed unpacked unsharded unwrapped
    edited played happened marked connected
"""
IRREGULAR = """
    bent born borne bought bound brought broken built chosen done drawn fed found given gone hidden heard held
    kept known laid learnt led left lent lost made meant met paid said seen sent shown sold spoken spent stood
    taken taught thought told torn understood used woken worn won wound written
"""
#: Words that only look so.
NO_PARTICIPLES = "embed feed heed need seed speed"


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All but properties: those may be states."""
    for each in ast.walk(tree):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and not any(
                "property" in ast.unparse(decorator) for decorator in each.decorator_list):
            yield each


def test_functions_are_named_by_what_they_return_or_do() -> None:
    """A bare participle says neither: `advertised` may wait, send, or look for what was sent."""
    irregular, others = IRREGULAR.split(), NO_PARTICIPLES.split()
    named: dict[str, set[str]] = {}
    for path in sources():
        for each in functions(ast.parse((PROJECT / path).read_text(encoding="utf-8"))):
            word = each.name.strip("_")
            if "_" not in word and (word in irregular or word.endswith("ed")) and word not in others:
                named.setdefault(word, set()).add(f"{path}: {each.name}")
    allowed = set(PARTICIPLES.split())
    assert {word: where for word, where in named.items() if word not in allowed} == {}
    assert allowed - set(named) == set(), "no function is called so any more"
