"""How the command speaks: tables and JSON on stdout, progress on stderr, and that only where a person looks."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TextIO

WIDTH: Final = 78
MEGA: Final = 1_000_000


class Progress:
    """One line on stderr that is written over; nothing where stderr is no terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.shows = self.stream.isatty()
        self.last = ""

    def say(self, words: str) -> None:
        """Show this in place of what was shown."""
        line = words[:WIDTH]
        if self.shows and line != self.last:
            self.stream.write(f"\r{line:<{max(len(self.last), len(line))}}")
            self.stream.flush()
            self.last = line

    def end(self) -> None:
        """Leave no trace of it."""
        if self.shows and self.last:
            self.stream.write(f"\r{'':<{len(self.last)}}\r")
            self.stream.flush()
            self.last = ""


def note(words: str) -> None:
    """A line on stderr, for a person."""
    sys.stderr.write(f"{plain(words)}\n")


def out(words: str) -> None:
    """A line on stdout."""
    sys.stdout.write(f"{words}\n")


def out_json(value: Any) -> None:
    """A value as JSON on stdout."""
    out(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def out_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows in columns under their names."""
    cells = [list(head), *([plain(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        out(line.rstrip())


def plain(text: str) -> str:
    """The text without what a terminal would obey: it may come from a page or from anybody."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def megabytes(size: int) -> str:
    """A size in words."""
    return f"{size / MEGA:,.1f} MB"


def differences_text(found: Mapping[str, Any]) -> str:
    """What differs between two snapshots, in some lines of Markdown, which are also readable as they are."""
    lines = [
        f"# From v{found['before']} to v{found['after']}",
        "",
        f"- items added: {found['added']:,}",
        f"- items removed: {found['removed']:,}",
        f"- items relabelled: {found['relabelled']:,}" + _causes(found["by_cause"]),
        f"- items the same: {found['same']:,}",
        "",
        "| category | gained | lost | why | alpha before | alpha after |",
        "|---|---:|---:|---|---:|---:|",
    ]
    for row in found["categories"]:
        alphas = (_alpha(row["alpha_before"]), _alpha(row["alpha_after"]))
        why = _causes(row["by_cause"]).strip(" ()")
        name = row["name"].replace("|", "\\|")
        lines.append(f"| {name} | {row['gained']:,} | {row['lost']:,} | {why} | {alphas[0]} | {alphas[1]} |")
    return "\n".join(lines)


def _causes(by_cause: Mapping[str, int]) -> str:
    told = ", ".join(f"{cause} {count:,}" for cause, count in by_cause.items() if count)
    return f" ({told})" if told else ""


def _alpha(told: Mapping[str, Any]) -> str:
    n_items = f"n {told['n_items']:,}"
    if told["value"] is None:
        return f"undefined ({n_items})"
    if told["low"] is None:
        return f"{told['value']:.2f} (no interval, {n_items})"
    return f"{told['value']:.2f} [{told['low']:.2f}, {told['high']:.2f}] ({n_items})"
