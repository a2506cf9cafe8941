"""The worked examples of the docs as modules: what a page shows is what the tests run."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parents[1] / "docs"


def worked_modules(page: str) -> dict[str, ModuleType]:
    """The modules whose code a page shows; the first line of each names its file."""
    found = {}
    for path, code in re.findall(r"(?ms)^```python\n# (\S+)\.py\n(.*?)^```", (DOCS / page).read_text()):
        module = ModuleType(path.replace("/", "."))
        found[module.__name__] = sys.modules[module.__name__] = module
        exec(compile(code, f"docs/{page}", "exec", dont_inherit=True), module.__dict__)
    return found
