"""Registers the plugins."""

pytest_plugins = ["fixtures.packages", "fixtures.sandbox.plugin", "conformance.plugin", "reports.plugin"]
