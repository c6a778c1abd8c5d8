"""What the database does for each statement that runs: its plan, taken just before, on the same rows."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

TRANSACTION_WORDS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


@dataclass(frozen=True)
class Plan:
    """One statement with how it was run."""

    statement: str
    root: dict[str, Any]

    @property
    def nodes(self) -> list[dict[str, Any]]:
        return list(_nodes(self.root))

    @property
    def scans(self) -> list[dict[str, Any]]:
        """The nodes that read a table."""
        return [n for n in self.nodes if "Relation Name" in n and n["Node Type"] != "ModifyTable"]

    @property
    def scanned(self) -> set[str]:
        """The tables that were read from one end to the other."""
        whole = [n for n in self.scans if n["Node Type"] == "Seq Scan" and n["Actual Loops"]]
        return {str(n["Relation Name"]) for n in whole}

    @property
    def rows_read(self) -> dict[str, int]:
        """The longest range that any one scan looked at, by table."""
        longest: dict[str, int] = {}
        for n in self.scans:
            removed = n.get("Rows Removed by Filter", 0) + n.get("Rows Removed by Index Recheck", 0)
            looked = int((n["Actual Rows"] + removed) * n["Actual Loops"])
            longest[n["Relation Name"]] = max(looked, longest.get(n["Relation Name"], 0))
        return longest

    @property
    def buffers(self) -> int:
        return int(self.root["Shared Hit Blocks"] + self.root["Shared Read Blocks"])

    def __str__(self) -> str:
        return f"rows {self.rows_read}, {self.buffers} buffers: {' '.join(self.statement.split())[:160]}"


@contextmanager
def explained() -> Iterator[list[Plan]]:
    """The plans of all statements inside; each is run once for its plan, undone, and then run as it is."""
    plans: list[Plan] = []

    def explain(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith(TRANSACTION_WORDS):
            return execute(sql, *rest)
        raw = connection.connection
        raw.execute("SAVEPOINT plan")
        execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *rest)
        (answer,) = rest[-1]["cursor"].fetchone()
        raw.execute("ROLLBACK TO SAVEPOINT plan")
        plan = json.loads(answer) if isinstance(answer, str) else answer
        plans.append(Plan(sql, plan[0]["Plan"]))
        return execute(sql, *rest)

    with connection.execute_wrapper(explain):
        yield plans


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
