"""Fixtures of these tests."""

from tests.conformance.pretended import run, stage

__all__ = ["run", "stage"]
