"""How fast a CSV of URL, title and text becomes items: rows a second end to end, against bare COPY of the same columns;
and how fast a .warc.gz does, a page of HTML in each record, against reading the same records and nothing else.

    python benchmarks/ingest.py --rows 200000 --warc 5000 --json ingest.json

Rows are generated (deterministic, seeded), and written to a throw-away PostgreSQL, or to DATABASE_URL if that is
set: then into a database of its own, which is dropped afterwards.
"""

import argparse
import gzip
import json
import os
import platform
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from annotator.runtime import servers  # noqa: E402
from annotator.runtime.embedded import Layout  # noqa: E402

WARM_ROWS = 20_000
TEXT_WORDS = (40, 120)
WORDS = [
    "lesson",
    "river",
    "music",
    "garden",
    "planet",
    "history",
    "number",
    "animal",
    "story",
    "window",
    "market",
    "science",
    "picture",
    "travel",
    "kitchen",
    "teacher",
    "bridge",
    "forest",
    "winter",
    "summer",
    "camera",
    "doctor",
    "engine",
    "letter",
    "island",
    "school",
    "village",
    "colour",
    "reading",
    "weather",
    "writing",
    "painting",
    "football",
    "swimming",
    "dancing",
    "mountain",
    "ocean",
    "desert",
    "castle",
    "museum",
    "library",
    "station",
    "airport",
]


@contextmanager
def database() -> Iterator[str]:
    """Name of what we run on; DATABASE_URL and CROSSGUARD_HOME are set inside."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="crossguard-bench-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        os.environ |= {
            "CROSSGUARD_HOME": str(home),
            "CROSSGUARD_SECRET_KEY": "benchmark",
            "CROSSGUARD_HTTPS": "false",
        }
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
        if os.environ.get("DATABASE_URL"):
            yield "DATABASE_URL"
            return
        layout = Layout(home)
        stack.enter_context(_postgres(layout))
        os.environ["DATABASE_URL"] = layout.database_url()
        yield "embedded PostgreSQL, fsync on"


@contextmanager
def _postgres(layout: Layout) -> Iterator[None]:
    identity = servers.postgres_identity()
    servers.state_prepare(layout, identity)
    servers.postgres_init(layout, identity)
    command = servers.guarded(servers.postgres_command(layout), death_signal=signal.SIGINT, identity=identity)
    with (layout.root / "postgres.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
    try:
        while not servers.postgres_ready(layout, process.pid):
            if process.poll() is not None:
                raise SystemExit((layout.root / "postgres.log").read_text())
            time.sleep(0.02)
        servers.database_create(layout)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def rows(count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """(url, title, text): 60 addresses a site, 40 to 120 words a page."""
    draw = random.Random(seed)
    texts = [" ".join(draw.choices(WORDS, k=draw.randint(*TEXT_WORDS))) for _ in range(5_000)]
    for number in range(count):
        site = f"{WORDS[number // 60 % len(WORDS)]}-{seed}-{number // 60}.example.org"
        url = f"https://www.{site}/{draw.choice(WORDS)}/{draw.choice(WORDS)}-{number}?page={number % 7}"
        yield url, f"{draw.choice(WORDS).title()} {draw.choice(WORDS)} {number}", draw.choice(texts)


def write_csv(path: Path, count: int, seed: int) -> None:
    """A CSV of generated rows."""
    with path.open("w", newline="") as file:
        file.write("url,title,text\n")
        file.writelines(f"{url},{title},{text}\n" for url, title, text in rows(count, seed))


def write_warc(path: Path, count: int, seed: int) -> None:
    """A .warc.gz of generated pages, each with a menu, a main part of 40 to 120 sentences, and a footer."""
    draw = random.Random(seed)
    menu = "".join(f'<li><a href="/{word}">{word}</a></li>' for word in WORDS)
    with path.open("wb") as file:
        for url, title, text in rows(count, seed):
            main = "".join(f"<p>{text}</p>" for _ in range(draw.randint(5, 40)))
            html = (
                f"<!doctype html><html><head><title>{title}</title></head><body><nav><ul>{menu}</ul></nav>"
                f"<main><h1>{title}</h1>{main}</main><footer>{menu}</footer></body></html>"
            )
            http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}".encode()
            head = (
                f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-03-01T10:00:00Z\r\n"
                f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
            )
            file.write(gzip.compress(head.encode() + http + b"\r\n\r\n", 6))


def bare_warc(path: Path) -> float:
    """Seconds to read each record of the file to its end."""
    from fastwarc.warc import ArchiveIterator

    started = time.perf_counter()
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, parse_http=True):
            record.reader.read()
    return time.perf_counter() - started


def measure_warc(project: Any, count: int, folder: str) -> dict[str, object]:
    """Ingest of a .warc.gz."""
    path = Path(folder, "pages.warc.gz")
    write_warc(path, count, seed=3)
    bare, seconds = bare_warc(path), ingest(project, path)
    return {
        "warc_records": count,
        "warc_megabytes": round(path.stat().st_size / 1e6, 1),
        "warc_seconds": round(seconds, 2),
        "warc_records_per_second": round(count / seconds),
        "warc_bare_records_per_second": round(count / bare),
        "warc_ratio_to_bare": round(bare / seconds, 3),
    }


def make_project() -> Any:
    """A project with the shipped taxonomy."""
    from annotator.accounts.models import User
    from annotator.projects.models import Category, Project, TaxonomyVersion

    user = User.objects.create_user("benchmark")
    project = Project.objects.create(slug="benchmark", name="Benchmark", created_by=user, holdout_salt="salt")
    version = TaxonomyVersion.objects.create(project=project, number=1, created_by=user)
    Category.objects.create(
        taxonomy=version, position=0, slug="games", name="Games", severity=0, cipa=False, key="1"
    )
    return project


def ingest(project: Any, path: Path) -> float:
    """Seconds from handing the file in to the last commit."""
    from annotator.pool.services import Upload, ingest_create, ingest_run

    started = time.perf_counter()
    with path.open("rb") as stream:
        created = ingest_create(project, Upload(path.name, stream), by=None)
    finished = ingest_run(created.pk)
    seconds = time.perf_counter() - started
    assert finished is not None
    assert finished.status == "done", finished.error
    return seconds


def report(project: Any) -> float:
    """Seconds to measure what the newest ingest brought."""
    from annotator.pool.models import IngestReport
    from annotator.pool.reporting import report_run

    started = time.perf_counter()
    made = report_run(IngestReport.objects.filter(project=project).latest("pk").pk)
    assert made is not None
    assert made.status == "done", made.error
    return time.perf_counter() - started


def bare_copy(rows_count: int) -> float:
    """Seconds for COPY of the same columns, from text ready in memory, into tables without index or key."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        dumps: list[list[bytes]] = []
        for table in ("item", "evidence"):
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table})")
            query = f"COPY (SELECT * FROM {table} ORDER BY id DESC LIMIT {rows_count}) TO STDOUT"
            with cursor.copy(query) as copy:
                dumps.append([bytes(block) for block in copy])
        started = time.perf_counter()
        with transaction.atomic():
            for table, dump in zip(("item", "evidence"), dumps, strict=True):
                with cursor.copy(f"COPY bare_{table} FROM STDIN") as copy:
                    for start in range(0, len(dump), 1000):
                        copy.write(b"".join(dump[start : start + 1000]))
        seconds = time.perf_counter() - started
        cursor.execute("DROP TABLE bare_item, bare_evidence")
    return seconds


def backend_cpu() -> float:
    """Seconds of CPU that PostgreSQL has spent for our connection; 0 where that is on another machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def measure(count: int, warc_count: int, where: str) -> dict[str, object]:
    """Set-up, warm up, ingest, bare COPY."""
    import django

    started = time.perf_counter()
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    project = make_project()
    with tempfile.TemporaryDirectory(prefix="crossguard-bench-") as folder:
        warm, timed = Path(folder, "warm.csv"), Path(folder, "rows.csv")
        write_csv(warm, WARM_ROWS, seed=1)
        write_csv(timed, count, seed=2)
        setup = time.perf_counter() - started
        ingest(project, warm)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE item, evidence")
        python, postgres = time.process_time(), backend_cpu()
        seconds = ingest(project, timed)
        python, postgres = time.process_time() - python, backend_cpu() - postgres
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        reported = report(project)
        again = ingest(project, timed)
        size = timed.stat().st_size
        warc = measure_warc(project, warc_count, folder) if warc_count else {}
    bare_rows = min(count, 200_000)
    bare = bare_rows / bare_copy(bare_rows)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {where}",
        "load_average": os.getloadavg()[0],
        "rows": count,
        "csv_megabytes": round(size / 1e6, 1),
        "setup_seconds": round(setup, 1),
        "seconds": round(seconds, 2),
        "rows_per_second": round(count / seconds),
        "python_cpu_microseconds_per_row": round(python / count * 1e6, 1),
        "postgres_cpu_microseconds_per_row": round(postgres / count * 1e6, 1),
        "rows_per_second_of_one_core": round(count / (python + postgres)),
        "rows_per_second_all_known": round(count / again),
        "report_rows_per_second": round(count / reported),
        "report_peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "bare_copy_rows_per_second": round(bare),
        "ratio_to_bare_copy": round(count / seconds / bare, 3),
        "peak_megabytes": round(peak),
        **warc,
    }


def main() -> None:
    """Print one line a number."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--warc", type=int, default=5_000, help="records of the WARC file; 0 leaves it out")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    arguments = parser.parse_args()
    with database() as where:
        result = measure(arguments.rows, arguments.warc, where)
    for name, value in result.items():
        print(f"{name.replace('_', ' '):32} {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
