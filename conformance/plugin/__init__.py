"""The pytest plugin: from checks to cells, to plays, to recordings, to verdicts, to an exit status."""

pytest_plugins = [
    "conformance.plugin.uplinking",
    "conformance.plugin.imaging",
    "conformance.plugin.building",
    "conformance.plugin.options",
    "conformance.plugin.bringing",
    "conformance.plugin.machine",
    "conformance.plugin.collecting",
    "conformance.plugin.clouds",
    "conformance.plugin.sharding",
    "conformance.plugin.playing",
    "conformance.plugin.ending",
    "conformance.plugin.baseline",
    "conformance.plugin.stopping",
    "conformance.plugin.declining",
    "conformance.plugin.capturing",
    "conformance.plugin.proving",
]
