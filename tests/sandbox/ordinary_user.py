"""python -I -S ordinary_user.py COMMAND...: run a command as uid 1000 without any privilege, whoever calls.

A user namespace that maps the caller to 1000 and nobody to root: the command loses every capability with its exec and
finds the caller's files to be its own. For the kernel's namespace rules that is an ordinary user.
"""

import os
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from linux import system


def become(uid: int, more_namespaces: int = 0) -> None:
    """Be `uid` in a new user namespace, with all capabilities there until the next exec (for root: also after)."""
    mappings = (("uid_map", f"{uid} {os.geteuid()} 1"), ("gid_map", f"{uid} {os.getegid()} 1"))
    system.unshare(system.CLONE_NEWUSER | more_namespaces)
    for name, text in (("setgroups", "deny"), *mappings):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


if __name__ == "__main__":
    become(1000)
    system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)
    os.execvp(sys.argv[1], sys.argv[1:])
