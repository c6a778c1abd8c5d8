"""One instance per state directory, and one server per port."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from annotator.errors import BadInput, Conflict, Unavailable
from annotator.runtime import instance
from annotator.runtime.instance import instance_lock, port_check


def test_lock_names_the_holder_when_another_instance_lives(tmp_path: Path) -> None:
    with (
        instance_lock(tmp_path, address="http://here/"),
        pytest.raises(Conflict, match=rf"at http://here/ \(process {os.getpid()}\)"),
        instance_lock(tmp_path, address="http://there/"),
    ):
        pass


def test_lock_is_free_again_after_its_holder_let_go(tmp_path: Path) -> None:
    for address in ("http://one/", "http://two/"):
        with instance_lock(tmp_path, address=address):
            assert (tmp_path / "up.lock").read_text() == f"{os.getpid()} {address}"


def test_lock_waits_for_what_a_killed_instance_left_behind(tmp_path: Path) -> None:
    with instance_lock(tmp_path, address="http://gone/") as held:
        left = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[held])
    (tmp_path / "up.lock").write_text(f"{_dead_pid()} http://gone/")

    assert left.stdin is not None
    left.stdin.close()
    with instance_lock(tmp_path, address="http://new/"):
        assert left.wait(10) is not None


def test_lock_gives_up_when_what_was_left_behind_never_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance, "LEFTOVER_SECONDS", 0.1)
    with instance_lock(tmp_path, address="http://gone/"):
        (tmp_path / "up.lock").write_text(f"{_dead_pid()} http://gone/")

        with (
            pytest.raises(Conflict, match="Processes of an earlier start still use"),
            instance_lock(tmp_path, address="http://new/"),
        ):
            pass


def test_port_check_refuses_a_taken_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(Unavailable, match=rf"Cannot listen on 127\.0\.0\.1:{port} .*make run PORT="):
            port_check("127.0.0.1", port)

    port_check("127.0.0.1", port)


@pytest.mark.parametrize("port", [-1, 0, 65536, 99999])
def test_port_check_refuses_a_number_that_is_no_port(port: int) -> None:
    with pytest.raises(BadInput, match=f"There is no port {port}: "):
        port_check("127.0.0.1", port)


def test_port_check_refuses_an_address_of_another_machine() -> None:
    with pytest.raises(Unavailable, match=r"Cannot listen on 192\.0\.2\.1:8000 "):
        port_check("192.0.2.1", 8000)


def _dead_pid() -> int:
    ended = subprocess.Popen(["true"])
    ended.wait()
    return ended.pid
