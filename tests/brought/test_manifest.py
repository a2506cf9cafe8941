"""Manifests: what is right is read, what is wrong is one sentence with file, line and key."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from fixtures.brought import manifest
from fixtures.brought.manifest import BadManifest, Ready, load

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.toml"))
SCHEMA = Path(manifest.__file__).with_name("schema") / "implementation-1.schema.json"
GOOD = 'schema = 1\nname = "mine"\nrole = "router"\ncommand = ["true"]\nversion = "1"\n'


@pytest.fixture
def manifest_file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def test_what_it_says(manifest_file: Path, tmp_path: Path) -> None:
    script = tmp_path / "serve"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    manifest_file.write_text('schema = 1\nname = "mine"\nrole = ["router", "dhcpv6-server"]\n'
                             'command = ["./serve", "-v"]\n'
                             'version = ["true", "--version"]\nversion-pattern = "v(.*)"\n'
                             'ready = { udp = 547, within = 2 }\n'
                             '[lacks]\nshort-leases = "its manual"\n')
    found = load(manifest_file)
    assert (found.name, found.roles, found.command) == ("mine", ("router", "dhcpv6-server"), (str(script), "-v"))
    assert found.version_command[0].endswith("/true") and found.version_command[1:] == ("--version",)
    assert found.ready == Ready("udp", port=547, within=2.0)
    assert found.lacks == {"short-leases": "its manual"}
    assert {manifest_file, tmp_path, script} <= set(found.files)


@pytest.mark.parametrize(("change", "line", "sentence"), [
    ("schema = 2", 1, "`schema`: it must be 1, the version of manifests that this Sextant reads"),
    ("schema = true", 1, "`schema`: it must be 1, the version of manifests that this Sextant reads"),
    ('name = "My Router"', 2, "`name`: 'My Router' is no name: 1 to 40 small letters, digits, dots and hyphens"),
    ("name = 3", 2, "`name`: it must be text in quotes, not 3"),
    ('role = "ruoter"', 3, "`role`: unknown role 'ruoter'; did you mean router? (known: guest, router, "),
    ('role = ["guest", "router"]', 3, "`role`: guest cannot be combined: give it a manifest of its own"),
    ("role = []", 3, "`role`: it must be a role or a list of roles, not []"),
    ('command = "serve -v"', 4, '`command`: it must be a list of words; write ["serve", "-v"]'),
    ("command = []", 4, "`command`: it must be a list of words such as"),
    ('command = ["no-such-program"]', 4, "`command`: no-such-program is not installed"),
    ('command = ["mine.toml"]', 4, '`command`: mine.toml is not installed; a file beside the manifest is written "./m'),
    ('command = ["./missing"]', 4, "`command`: there is no file /"),
    ('command = ["./mine.toml"]', 4, "mine.toml is not executable; chmod +x /"),
    ("version = 1.0", 5, "`version`: it must be a list of words such as"),
    ('version = " "', 5, "`version`: it is empty: give the version itself, or the command that says it"),
    ('version-pattern = "("', 6, "`version-pattern`: '(' is no regular expression: "),
    ("\n# Readiness.\nredy = { udp = 547 }", 8, "`redy`: unknown key; did you mean ready? (known: schema, name, "),
    ('ready = "started"', 6, '`ready`: it must be a table such as { output = "started" } or { udp = 547 }'),
    ("[ready]\nport = 547", 7, "`ready.port`: unknown key"),
    ('[ready]\nudp = 547\noutput = "x"', 8, "`ready.output`: readiness is seen in one way, and `udp` is there too"),
    ("[ready]\nudp = 0", 7, "`ready.udp`: it must be a port, 1 to 65535, not 0"),
    ("[ready]\nlink-local = false", 7, "`ready.link-local`: it must be true, or not be there"),
    ('[ready]\noutput = "["', 7, "`ready.output`: '[' is no regular expression"),
    ("[ready]\nudp = 5\nwithin = 600", 8, "`ready.within`: it must be seconds, more than 0 and at most 60, not 600"),
    ("[ready]\nwithin = 6", 7, "`ready.within`: it needs one of output, udp, tcp, link-local beside it"),
    ('release = ["true"]', 6, "`release`: only a guest has a lease to give back"),
    ('[lacks]\nshort-lease = "x"', 7, "`lacks.short-lease`: unknown feature; did you mean short-leases? (known: "),
    ('[lacks]\ndhcpv6 = "x"', 7, "`lacks.dhcpv6`: this is a feature of a guest, and router is brought"),
    ("lacks = 3", 6, "`lacks`: it must be a table"),
    ("name = = 3", 2, "this is no TOML: "),
])
def test_what_is_wrong(manifest_file: Path, change: str, line: int, sentence: str) -> None:
    key = change.split(" =")[0]
    rows = GOOD.splitlines()
    at = next((number for number, row in enumerate(rows) if row.startswith(f"{key} =")), None)
    rows[at:None if at is None else at + 1] = [change] if at is not None else [*rows, change]
    manifest_file.write_text("\n".join(rows) + "\n")
    with pytest.raises(BadManifest) as error:
        load(manifest_file)
    assert str(error.value).startswith(f"{manifest_file}:{line}: ") and sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_lacks_needs_its_source(manifest_file: Path) -> None:
    manifest_file.write_text(GOOD.replace("router", "guest") + '[lacks]\ndhcpv6 = " "\n')
    with pytest.raises(BadManifest, match=r"mine\.toml:7: `lacks\.dhcpv6`: it needs the source of that statement$"):
        load(manifest_file)


@pytest.mark.parametrize("key", ["schema", "name", "role", "command", "version"])
def test_what_is_missing(manifest_file: Path, key: str) -> None:
    manifest_file.write_text("".join(row for row in GOOD.splitlines(True) if not row.startswith(f"{key} =")))
    with pytest.raises(BadManifest, match=rf"mine\.toml: `{key}`: "):
        load(manifest_file)


def test_what_is_no_manifest(manifest_file: Path) -> None:
    with pytest.raises(BadManifest, match=r"mine\.toml: No such file or directory; name the manifest of your program$"):
        load(manifest_file)
    manifest_file.write_bytes(b"\xff\xfe")
    with pytest.raises(BadManifest, match=r"mine\.toml: this is not UTF-8 text"):
        load(manifest_file)
    manifest_file.write_text('name = """')
    with pytest.raises(BadManifest, match=r"mine\.toml(:\w+)?: this is no TOML: "):
        load(manifest_file)


def test_the_schema_knows_the_same_keys() -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert tuple(schema["properties"]) == manifest._KEYS
    assert tuple(schema["required"]) == manifest._NEEDED
    assert tuple(schema["properties"]["ready"]["properties"]) == (*manifest._READY, "within")
    assert tuple(schema["$defs"]["role"]["enum"]) == manifest.ROLES


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_keep_to_the_schema(path: Path) -> None:
    data = tomllib.loads(path.read_text())
    if "schema" in data and "command" in data:
        jsonschema.validate(data, json.loads(SCHEMA.read_text()), jsonschema.Draft202012Validator)
