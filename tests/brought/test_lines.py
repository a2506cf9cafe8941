"""The line of a key is found whatever way TOML has of writing it."""

from __future__ import annotations

import pytest

from fixtures.programs.toml_lines import line_of

TEXT = '''\
# A comment, and ready = 1 in it.

schema = 1
command = [
    "sh",  # name = "no"
    "-c",
]
text = """
ready = { output = "no" }
"""
"quoted key" = 1
dotted.udp = 547
ready = { output = "yes", within = 3 }

# About what follows.
[lacks]

dhcpv6 = "source"
[[many]]
name = "first"
[[many]]
name = "second"
'''


@pytest.mark.parametrize(("path", "line"), [
    (["schema"], 3), (["command"], 4), (["text"], 8), (["quoted key"], 11), (["dotted"], 12), (["dotted", "udp"], 12),
    (["ready"], 13), (["ready", "within"], 13), (["lacks"], 16), (["lacks", "dhcpv6"], 18), (["many"], 19),
    (["nothing"], None), (["schema", "below"], None),
])
def test_where_a_key_stands(path: list[str], line: int | None) -> None:
    assert line_of(TEXT, path) == line
