"""Children are started, heard, started again and ended as promised."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from annotator.errors import Unavailable
from annotator.runtime.embedded import REPOSITORY
from annotator.runtime.supervise import RESTARTS_MAX, Program, Supervisor
from tests.annotator.runtime.processes import wait_for

SIGNALS = ((signal.SIGTERM, 0.3), (signal.SIGQUIT, 0.3))


def python(name: str, source: str, *, stop: tuple[tuple[signal.Signals, float], ...] = SIGNALS) -> Program:
    """A program of a few lines of Python."""
    return Program(name, [sys.executable, "-u", "-c", textwrap.dedent(source)], stop)


@pytest.fixture
def lines() -> list[str]:
    """What the supervisor wrote."""
    return []


@pytest.fixture
def supervisor(lines: list[str]) -> Iterator[Supervisor]:
    """A supervisor without children; those that a test leaves are ended."""
    made = Supervisor(os.environ, lines.append)
    yield made
    made.stop()


def said(lines: list[str], text: str) -> Callable[[], bool]:
    """Whether a line contains `text`."""
    return lambda: any(text in line for line in lines)


def test_output_is_prefixed_line_by_line(supervisor: Supervisor, lines: list[str]) -> None:
    supervisor.run(
        python("speaker", "print('one\\ntwo', end='\\n'); print('ü'.encode('latin-1'), 'three')"), seconds=20
    )

    assert lines == [
        "speaker     | one",
        "speaker     | two",
        "speaker     | b'\\xfc' three",
    ]


def test_last_line_is_heard_when_it_has_no_end(supervisor: Supervisor, lines: list[str]) -> None:
    supervisor.run(python("speaker", "print('done', end='')"), seconds=20)

    assert lines == ["speaker     | done"]


def test_watch_ends_when_nobody_reads_any_more() -> None:
    def write(_line: str) -> None:
        raise BrokenPipeError

    supervisor = Supervisor(os.environ, write)
    child = supervisor.start(python("speaker", "import time; print('hello'); time.sleep(600)"))

    supervisor.watch()
    supervisor.stop()

    assert child.process.returncode == -signal.SIGTERM


def test_run_fails_when_the_program_fails(supervisor: Supervisor, lines: list[str]) -> None:
    with pytest.raises(Unavailable, match="step ended with status 3"):
        supervisor.run(python("step", "print('because'); raise SystemExit(3)"), seconds=20)

    assert lines == ["step        | because"]


def test_wait_gives_up_when_it_takes_too_long(supervisor: Supervisor) -> None:
    with pytest.raises(Unavailable, match="the thing was not ready"):
        supervisor.wait_until(lambda: False, seconds=0.2, what="the thing")


def test_stop_sends_the_next_signal_when_the_first_is_ignored(
    supervisor: Supervisor, lines: list[str]
) -> None:
    source = """
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: print("not yet"))
        signal.signal(signal.SIGQUIT, lambda *_: sys.exit(print("now")))
        print("up")
        while True: time.sleep(0.01)
    """
    child = supervisor.start(python("stubborn", source))
    supervisor.wait_until(said(lines, "up"), seconds=20, what="it")

    supervisor.stop()

    assert lines[1:] == ["stubborn    | not yet", "stubborn    | now"]
    assert child.process.returncode == 0


def test_stop_kills_the_whole_group_when_every_signal_is_ignored(
    supervisor: Supervisor, lines: list[str]
) -> None:
    source = """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGQUIT, signal.SIG_IGN)
        os.write(1, b"child %d\\n" % os.fork())
        while True: time.sleep(0.01)
    """
    child = supervisor.start(python("deaf", source))
    supervisor.wait_until(lambda: sum("child" in line for line in lines) == 2, seconds=20, what="it")
    grandchild = max(int(line.split()[-1]) for line in lines)

    supervisor.stop()

    assert child.process.returncode == -signal.SIGKILL
    wait_for(lambda: not Path(f"/proc/{grandchild}").exists(), "the end of the grandchild")


def test_stop_leaves_the_kept_running(supervisor: Supervisor) -> None:
    source = "import time\nwhile True: time.sleep(1)"
    kept, other = (supervisor.start(python(name, source)) for name in ("kept", "other"))

    supervisor.stop(keep=["kept"])

    assert other.process.returncode == -signal.SIGTERM
    assert kept.process.poll() is None


def test_watch_starts_a_fallen_program_again(
    supervisor: Supervisor, lines: list[str], tmp_path: Path
) -> None:
    source = f"""
        import os, pathlib, signal, time
        mark = pathlib.Path({str(tmp_path / "mark")!r})
        if mark.exists():
            os.kill(os.getppid(), signal.SIGTERM)
            time.sleep(60)
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    """
    supervisor.start(python("phoenix", source))
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    supervisor.listen()

    supervisor.watch()

    assert lines == ["phoenix was ended by SIGKILL; starting it again."]
    for number, handler in zip((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), before, strict=True):
        signal.signal(number, handler)


def test_watch_gives_up_when_a_program_falls_again_and_again(
    supervisor: Supervisor, lines: list[str]
) -> None:
    supervisor.start(python("broken", "raise SystemExit(1)"))

    with pytest.raises(Unavailable, match="broken ended with status 1"):
        supervisor.watch()

    assert lines == ["broken ended with status 1; starting it again."] * RESTARTS_MAX


def test_child_dies_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    source = """
        import os, sys
        from annotator.runtime.supervise import Program, Supervisor
        supervisor = Supervisor(os.environ, lambda line: print(line, flush=True))
        program = [sys.executable, "-u", "-c", "import os, time; print(os.getpid()); time.sleep(600)"]
        supervisor.start(Program("child", program))
        supervisor.watch()
    """
    starter = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(source)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    with starter.stdout:
        child = Path("/proc", starter.stdout.readline().split()[-1])
        assert child.exists()

        starter.kill()
        starter.wait()

    wait_for(lambda: not child.exists(), "the end of the child")


def test_stop_is_quick_when_children_obey(supervisor: Supervisor) -> None:
    for number in range(3):
        supervisor.start(python(f"p{number}", "import time; time.sleep(600)", stop=((signal.SIGTERM, 30.0),)))
    began = time.monotonic()

    supervisor.stop()

    assert time.monotonic() - began < 20


def test_child_hears_signals_that_the_shell_of_its_supervisor_ignored(
    supervisor: Supervisor, lines: list[str]
) -> None:
    source = "import signal; print(signal.getsignal(signal.SIGQUIT), signal.getsignal(signal.SIGHUP))"
    before = [signal.signal(number, signal.SIG_IGN) for number in (signal.SIGQUIT, signal.SIGHUP)]

    supervisor.run(python("listener", source), seconds=20)

    for number, handler in zip((signal.SIGQUIT, signal.SIGHUP), before, strict=True):
        signal.signal(number, handler)
    assert lines == ["listener    | 0 0"]
