"""Several database connections at once, for tests that try to break an invariant; and the database emptied after."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

T = TypeVar("T")

# Waits for whoever still writes, as TRUNCATE would; then only tables that have rows cost anything. Without the triggers
# that refuse a delete, and those of foreign keys. What has grown is made anew: deleted rows stay in it, and in the
# planner's way.
EMPTY = """
DO $$
DECLARE
    every CONSTANT text[] := ARRAY(
        SELECT format('%I', tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
        ORDER BY tablename);
    name text;
    has_rows boolean;
BEGIN
    SET LOCAL session_replication_role TO replica;
    EXECUTE 'LOCK TABLE ' || array_to_string(every, ', ') || ' IN SHARE ROW EXCLUSIVE MODE';
    FOREACH name IN ARRAY every LOOP
        IF pg_relation_size(name::regclass) > 4000000 THEN
            EXECUTE 'TRUNCATE ' || name || ' CASCADE';
        END IF;
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO has_rows;
        IF has_rows THEN
            EXECUTE 'DELETE FROM ' || name;
        END IF;
    END LOOP;
END $$
"""


def at_once(*calls: Callable[[], T]) -> list[T]:
    """What each call returned, each run in a thread and on a connection of its own, all started together."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        try:
            barrier.wait(10)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Return once `condition` holds; fail when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def database_empty() -> None:
    """Delete every row that a test has committed: in a tenth of the time of a flush, which makes each table anew."""
    with connection.cursor() as cursor:
        cursor.execute(EMPTY)
