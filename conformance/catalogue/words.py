"""The words that the catalogue, the options and the report share; docs/design.md explains them."""

from __future__ import annotations

LEVELS = ("MUST", "SHOULD", "MAY", "PLATFORM")
#: A violation of these is a failure, of the others a warning.
BINDING = frozenset({"MUST", "PLATFORM"})
CLOUDS = ("calico", "cloudstack", "ovirt", "clearwater", "vpc")
