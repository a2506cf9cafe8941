"""badge.svg: how many of the judged cells pass, in the shape that badges have."""

from __future__ import annotations

from html import escape

from conformance.judging.verdict import Outcome
from reports.document.cells import named_cells
from reports.document.compliance import Compliance
from reports.site.headline import headline

_GREEN, _RED, _GREY = "#0f6b4c", "#9f1020", "#5a6570"
#: Width of a letter in pixels, on the wide side.
_LETTER = 6.6


def badge(document: Compliance) -> str:
    """The file's text. Green: nothing new is wrong; red: something is; grey: nothing was judged."""
    told = headline(document, named_cells(document["verdicts"]))
    judged = sum(told.counts[word] for word in (Outcome.PASS, Outcome.WARN, Outcome.FAIL))
    left, right = "IPv6 conformance", f"{told.counts['pass']} of {judged} pass" if judged else "nothing judged"
    bad = told.new or told.broken or told.stale
    colour = _GREY if not judged else _RED if bad else _GREEN
    widths = [round(len(text) * _LETTER) + 14 for text in (left, right)]
    total = sum(widths)
    name = escape(f"{left}: {right}; {told.sentence}")
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="20" role="img" aria-label="{name}">
<title>{name}</title>
<clipPath id="r"><rect width="{total}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="{widths[0]}" height="20" fill="#39424b"/>
<rect x="{widths[0]}" width="{widths[1]}" height="20" fill="{colour}"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{widths[0] / 2:g}" y="14">{escape(left)}</text>
<text x="{widths[0] + widths[1] / 2:g}" y="14">{escape(right)}</text></g>
</svg>
"""
