"""What Python's standard library lacks of Linux, each wrapper once: system calls, rtnetlink as bytes, interfaces.

Everybody may use it, also where nothing but the standard library is there (`python -I -S`), so it uses nothing else.
"""
