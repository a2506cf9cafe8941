"""Mininet's commands for nodes without a process: the shell starts with the first command that needs it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mininet.node import Node
from mininet.util import getincrementaldecoder


class LazyShell(Node):
    """A Mininet node whose `shell` and `pid` come into being when somebody asks for them."""

    isSetup = True  # Mininet would look for mnexec and ifconfig
    _shell: subprocess.Popen[Any] | None = None

    @property
    def powered(self) -> bool:
        """Whether the node has its namespace."""
        raise NotImplementedError

    def spawn(self, argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None,
              cwd: str | Path | None = None, new_session: bool = True, **streams: Any) -> subprocess.Popen[Any]:
        """Start a program in the node."""
        raise NotImplementedError

    def popen(self, *args: Any, **kwargs: Any) -> subprocess.Popen[Any]:
        """Mininet's popen: a list, a string or words; `shell=True` runs it in a shell. Output goes to pipes."""
        words = args[0] if len(args) == 1 else list(args)
        kwargs.pop("mncmd", None)
        if kwargs.pop("shell", False):
            words = ["/bin/sh", "-c", words if isinstance(words, str) else " ".join(words)]
        elif isinstance(words, str):
            words = words.split()
        return self.spawn(words, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **kwargs})

    @property
    def shell(self) -> subprocess.Popen[bytes] | None:
        """The node's shell; started now when there is none and the node is powered."""
        if self._shell is None and self.powered:
            self._start_shell()
        return self._shell

    @shell.setter
    def shell(self, value: subprocess.Popen[bytes] | None) -> None:
        self._shell = value

    @property
    def pid(self) -> int | None:
        """A process in the node's namespaces, for nsenter and the like: its shell."""
        return self.shell.pid if self.shell else None

    @pid.setter
    def pid(self, value: int | None) -> None:
        """Mininet sets it to None first; it follows from the shell."""

    def _start_shell(self) -> None:
        """Mininet's shell protocol: a terminal, and a prompt of one DEL character that ends a command's output."""
        self.master, self.slave = pty.openpty()
        environment = {**os.environ, "PS1": chr(127), "HISTFILE": ""}
        # setsid --ctty gives it the terminal, so that Ctrl-C reaches its programs.
        argv = ["setsid", "--ctty", "bash", "--norc", "--noediting", "-is", f"mininet:{self.name}"]
        self._shell = self.spawn(argv, env=environment, new_session=False,
                                 stdin=self.slave, stdout=self.slave, stderr=self.slave)
        self.stdin = self.stdout = os.fdopen(self.master, "r")
        self.pollOut = select.poll()
        self.pollOut.register(self.stdout)
        self.outToNode[self.master] = self.inToNode[self.master] = self
        self.execed, self.lastCmd, self.lastPid, self.readbuf = False, None, None, ""
        self.decoder = getincrementaldecoder()
        self.waiting = True
        self.waitOutput()
        self.cmd("stty -echo; set +m")

    def sendCmd(self, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("printPid", None)  # it would need the program mnexec
        super().sendCmd(*args, **kwargs)

    def cleanup(self) -> None:
        """Close the shell's terminal."""
        if self._shell is not None:
            del self.outToNode[self.master], self.inToNode[self.master]
            self.stdin.close()
            os.close(self.slave)
            self._shell = None
