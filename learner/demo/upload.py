"""The corpus as somebody would hand it in: JSON Lines, with the odd row that nobody can use."""

import io
import json
from collections.abc import Sequence
from html import escape
from typing import Final

from annotator.pool.services import Upload
from learner.demo.corpus import DemoPage

FILENAME: Final = "filter-log.jsonl"
REPEATED: Final = 12
"""Rows at the beginning that come a second time at the end."""
UNUSABLE: Final = (
    b'{"title": "A row without an address", "text": "Nothing says where this page was."}',
    b'{"url": "ftp://files.example/setup.zip", "source": "filter-log"}',
    b'{"url": "javascript:void(0)", "source": "filter-log"}',
    b'{"url": "https://", "source": "filter-log"}',
    b'{"url": "https://weather.example/today", "labels": ["weather"]}',
    b'{"url": "https://radio.example/live", "traffic": "a lot"}',
    b'{"url": "https://cut-off.example/',
    b'{"url": "https://latin1.example/", "title": "Caf\xe9"}',
)


def corpus_upload(pages: Sequence[DemoPage]) -> Upload:
    """The pages as an upload, without their labels, with `UNUSABLE` and `REPEATED` rows at the end."""
    rows = [_row(page) for page in pages]
    return Upload(FILENAME, io.BytesIO(b"\n".join([*rows, *UNUSABLE, *rows[:REPEATED]]) + b"\n"))


def _row(page: DemoPage) -> bytes:
    row = {
        "url": page.url,
        "title": page.title,
        "text": page.text,
        "source": page.source,
        "observed_at": page.observed_at.isoformat(),
        "traffic": page.traffic,
    }
    if page.description:
        # A description has no column of its own: it comes with the head of the page.
        row["html"] = f'<head><meta name="description" content="{escape(page.description)}"></head>'
    return json.dumps(row).encode()
