"""The site as one HTML file to mail: scripts and styles inside, each allowed by its hash, plays as text."""

from __future__ import annotations

import base64
import hashlib
import re

from markupsafe import Markup, escape

from reports.site.write import HERE, SCRIPTS, START, STYLES, Site, rendered

FILE = "sextant.html"


def single(site: Site) -> str:
    """The file's text. It has all cells and packets; the recordings themselves are not in it."""
    style = "\n".join((HERE / name).read_text(encoding="utf-8") for name in STYLES)
    start = (HERE / START).read_text(encoding="utf-8")
    scripts = [*((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS), site.data, start]
    plays = [
        Markup('<script type="text/plain" data-play="{}">{}</script>').format(key, _text(text))
        for key, text in site.scripts.items()
    ]
    inside = [Markup("<script>{}</script>").format(Markup(each)) for each in scripts]
    policy = (
        "default-src 'none'",
        f"script-src {' '.join(_hash(each) for each in scripts)}",
        f"style-src {_hash(style)}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return rendered(
        site,
        policy="; ".join(policy),
        single=True,
        styles=(),
        scripts=(),
        inline_style=Markup("<style>{}</style>").format(Markup(style)),
        inline_scripts=Markup("\n").join([*plays, *inside]),
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text(script: str) -> Markup:
    """What a play's script hands over: base64, which needs no escape."""
    found = re.search(r',"([A-Za-z0-9+/=]*)"\);', script)
    return escape(found[1] if found else "")
