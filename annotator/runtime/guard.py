"""Runs a program that cannot outlive its starter: `guard.py PARENT SIGNAL IDENTITY PROGRAM...`.

A script of its own, and not a `preexec_fn`: Python code between fork and exec may deadlock where the starter
has threads. Identities: `self` changes nothing; `namespace` lets root run what refuses root (PostgreSQL), as
nobody inside a user namespace, while the files stay root's; `nobody` gives up root for good, where a
container forbids user namespaces.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534  # has to have a passwd entry, or initdb refuses: nobody does
REFUSED = 97


def main(parent: int, death_signal: int, identity: str, command: list[str]) -> None:
    """Replace this process by `command`; exit with REFUSED where the kernel allows no user namespace."""
    if identity == "namespace":
        _enter_namespace()
    elif identity == "nobody":
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    # A shell starts what it puts in the background with these ignored, and that is inherited.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    # Last, because a change of identity clears it.
    if sys.platform == "linux":
        _libc().prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606


def _enter_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    if _libc().unshare(CLONE_NEWUSER):
        sys.exit(REFUSED)
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {user} 1"),
        ("gid_map", f"{NOBODY} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 - pathlib would double the start time
            file.write(line)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
