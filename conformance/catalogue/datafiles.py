"""Data files: TOML that is read once, checked key by key, and refused with one sentence that says where."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any


class BadData(ValueError):
    """A data file says something that it must not say; the text is one sentence with the file and the entry."""


def read(path: Path) -> dict[str, Any]:
    """The contents of a TOML file. Raises BadData."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadData(f"{path.name}: cannot be read as TOML: {error}") from error


def entries(path: Path, data: Mapping[str, Any], table: str, known: Mapping[str, type],
            optional: Iterable[str] = ()) -> Iterator[dict[str, Any]]:
    """The entries of an array of tables, each with all the known keys of the right type. Raises BadData."""
    rows = data.get(table, [])
    if not isinstance(rows, list):
        raise BadData(f"{path.name}: `{table}` must be an array of tables, [[{table}]]")
    for number, row in enumerate(rows, 1):
        where = f"{path.name}: {row.get('id') or row.get('requirement') or f'{table} {number}'}"
        yield checked(where, row, known, optional)


def checked(
    where: str, row: Mapping[str, Any], known: Mapping[str, type], optional: Iterable[str] = ()
) -> dict[str, Any]:
    """The row itself, when it has all known keys, none besides them, and values of their types. Raises BadData."""
    for key, value in row.items():
        if key not in known:
            raise BadData(f"{where}: unknown key `{key}`{nearest(key, known)}")
        if not isinstance(value, known[key]):
            raise BadData(f"{where}: `{key}` must be of type {known[key].__name__}, not {value!r}")
    for key in known:
        if key not in row and key not in optional:
            raise BadData(f"{where}: the key `{key}` is missing")
    return dict(row)


def one_of(where: str, key: str, value: str, allowed: Iterable[str]) -> str:
    """The value, when it is one of the allowed words. Raises BadData."""
    words = list(allowed)
    if value not in words:
        raise BadData(f"{where}: `{key}` is {value!r}; it must be one of {', '.join(words)}")
    return value


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for a sentence: `; did you mean ...?`, or nothing where no known word is near."""
    folded = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.5)
    return f"; did you mean {folded[found[0]]}?" if found else ""
