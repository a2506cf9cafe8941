"""The door: names the plugins; no logic."""

pytest_plugins = ["fixtures.packages", "fixtures.sandbox.plugin", "conformance.plugin", "reports.plugin"]
