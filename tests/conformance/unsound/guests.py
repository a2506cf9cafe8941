"""Adds the programs of the folder beside it to the implementations."""

from pathlib import Path

import fixtures.implementations

fixtures.implementations.__path__.append(str(Path(__file__).with_name("programs")))
