"""The suite on other systems: minimal roots of Debian and Ubuntu, what a run in them says, and docs/platforms.md."""
