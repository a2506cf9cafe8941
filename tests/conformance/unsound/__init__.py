"""Plugins for `pytest -p`, with which the suite meets what it must be able to bear."""
