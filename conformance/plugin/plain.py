"""What others said, for a terminal: packets, programs and captures may hold escape sequences."""

from __future__ import annotations


def plain(text: str) -> str:
    """The text without what a terminal would take for a command; line ends and tabs stay."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else f"\\x{ord(letter):02x}" for letter in text
    )
