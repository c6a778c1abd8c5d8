"""The labelled sets that classifiers are compared on: pages, what is true of them, and their sites."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np
import pyarrow.parquet as pq

from annotator.pool.addresses import AddressRefused, registrable_domain
from learner.core.arrays import Array, Booleans, Integers
from learner.core.features import PageText


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """Pages (n_items), truth (n_items, n_categories: 1, 0, -1 not known), and site numbers (n_items,)."""

    name: str
    pages: list[PageText]
    truth: Array
    sites: Integers
    categories: list[str]

    def held_out(self, seed: int, share: float = 0.3) -> Booleans:
        """A share of the sites, drawn at random, with all their items; bool (n_items,)."""
        drawn: Booleans = np.random.default_rng(seed).random(self.sites.max() + 1) < share
        return drawn[self.sites]

    def limited(self, n_items: int, seed: int) -> "LabelledSet":
        """So many items, drawn at random, or the whole set where it is smaller."""
        if n_items >= len(self.pages):
            return self
        kept = np.sort(np.random.default_rng(seed).choice(len(self.pages), n_items, replace=False))
        sites = np.unique(self.sites[kept], return_inverse=True)[1]
        return LabelledSet(self.name, [self.pages[i] for i in kept], self.truth[kept], sites, self.categories)


def url_set(data: Path) -> LabelledSet:
    """URLs alone, 17 categories, few positives of some."""
    return _labelled(
        "URLs", pq.read_table(data / "urls_multilabel.parquet").to_pylist(), "labels", _url_alone
    )


def curlie_set(data: Path) -> LabelledSet:
    """URLs alone, 14 topics, most with several."""
    rows = pq.read_table(data / "urls_curlie14.parquet").to_pylist()
    return _labelled("Curlie-14", rows, "labels_gpt4", _url_alone)


def text_set(data: Path) -> LabelledSet:
    """Pages with URL, title and text, 22 categories."""
    return _labelled(
        "URL + text", pq.read_table(data / "pages_text.parquet").to_pylist(), "labels", _with_text
    )


SETS: Final[dict[str, Callable[[Path], LabelledSet]]] = {
    "urls": url_set,
    "text": text_set,
    "curlie": curlie_set,
}


def _labelled(
    name: str, rows: list[dict[str, Any]], column: str, page: Callable[[dict[str, Any]], PageText]
) -> LabelledSet:
    categories = sorted({label for row in rows for label in row[column] or ()})
    place = {label: number for number, label in enumerate(categories)}
    truth = np.zeros((len(rows), len(categories)), dtype=np.int8)
    for number, row in enumerate(rows):
        unknown = [place[label] for label in row.get("unknown_labels") or () if label in place]
        truth[number, unknown] = -1
        truth[number, [place[label] for label in row[column] or ()]] = 1
    pages = [page(row) for row in rows]
    sites = np.unique([page.registrable_domain for page in pages], return_inverse=True)[1]
    return LabelledSet(name, pages, truth, sites, categories)


def _url_alone(row: dict[str, Any]) -> PageText:
    return _page(row["url"], "", "")


def _with_text(row: dict[str, Any]) -> PageText:
    return _page(row["url"], row["title"] or "", row["text"] or "")


def _page(address: str, title: str, text: str) -> PageText:
    url = address if "://" in address else f"https://{address}"
    try:
        host = urlsplit(url).hostname or ""
        site = registrable_domain(host)
    except (ValueError, AddressRefused):
        host = site = url.partition("://")[2].partition("/")[0]
    return PageText(url, host, site, title, "", text)
