"""python -I -S restricted.py HOW COMMAND...: run a command where the kernel refuses a sandbox, each in its own way.

With `mount-in-etc` it refuses only an overlay over /etc, as in a container, which has mounts of its engine's there.
"""

import errno
import os
import platform
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from fixtures.sandbox import seccomp
from linux import system
from tests.sandbox.ordinary_user import become

_UNSHARE = {"x86_64": 272, "aarch64": 97}


def main(how: str, command: list[str]) -> None:
    if how == "no-more":
        become(1000)
        with open("/proc/sys/user/max_user_namespaces", "w") as limit:
            limit.write("0")
    elif how == "seccomp":
        seccomp.answer([_UNSHARE[platform.machine()]], errno.EPERM)
    elif how == "masked-proc":
        become(0, system.CLONE_NEWNS)
        system.mount("none", "/proc/sys", "tmpfs")
        become(1000)
    elif how == "mount-in-etc":
        become(0, system.CLONE_NEWNS)
        system.mount("/etc/passwd", "/etc/passwd", flags=system.MS_BIND)
        become(1000)
    else:
        raise ValueError(how)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
