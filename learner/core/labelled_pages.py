"""A file of pages with their true labels, as a simulation replays it: read, checked, featurised."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json
import pyarrow.parquet as pa_parquet
from scipy.sparse import csr_matrix

from learner.core.arrays import Array, Integers
from learner.core.definitions import CategoryDefinition, featurise_definitions
from learner.core.features import PageText, featurise
from learner.core.keys import domain_key
from learner.core.shards import content_key

UNKNOWN = -1
FORMATS = (".parquet", ".csv", ".jsonl")
_NONE = "none"
_SHOWN = 12

Address = Callable[[str], tuple[str, str, str] | None]
"""The canonical URL, the host and the registrable domain of what stands in a file; None where it is no address."""


class LabelledFileError(ValueError):
    """A file that cannot be replayed. The text says what is wrong with it, and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPages:
    """Pages whose labels are known; row i of every part is the same item.

    Attributes
    ----------
    categories : tuple of str
        In the order of the columns of `truth`.
    features : csr_matrix, float32 (n_items, N_FEATURES)
    truth : int8 (n_items, n_categories)
        1 present, 0 absent, -1 where nobody has looked.
    sites : int64 (n_items,)
        `domain_key` of the registrable domain.
    contents : int64 (n_items,)
        `content_key` of the page.
    definitions : csr_matrix (n_categories, N_FEATURES)
        A file has no definitions: the name of each category stands in for its own.
    n_refused : int
        Rows left out, because they have no usable address, or one that came before.
    """

    categories: tuple[str, ...]
    features: csr_matrix
    truth: Array
    sites: Integers
    contents: Integers
    definitions: csr_matrix
    n_refused: int

    def __len__(self) -> int:
        return len(self.sites)

    def part(self, rows: Array) -> "LabelledPages":
        """The items in `rows`."""
        return LabelledPages(
            self.categories,
            csr_matrix(self.features[rows]),
            self.truth[rows],
            self.sites[rows],
            self.contents[rows],
            self.definitions,
            self.n_refused,
        )


def read_labelled(path: Path, *, address: Address, labels: str = "labels") -> LabelledPages:
    """The pages of a Parquet, CSV or JSON Lines file with `url`, a column of labels, and `title` and `text` if any.

    Labels are a list, or text with `|` between them; `none` and an empty cell say that there are none. A column
    `unknown_labels` of the same form says what nobody looked for. Of two rows with one address the first is taken.

    Raises
    ------
    LabelledFileError
        If the file cannot be read, lacks a column, or has fewer than two categories.
    """
    table = _table(path)
    for name in ("url", labels):
        if name not in table.column_names:
            raise LabelledFileError(f'{path} has no column "{name}"; it has {", ".join(table.column_names)}')
    addresses = [address(str(url or "")) for url in table["url"].to_pylist()]
    seen: set[str] = set()
    rows = [row for row, found in enumerate(addresses) if found and _is_new(found[0], seen)]
    present = [_labels(cell, path) for cell in table[labels].take(rows).to_pylist()]
    categories = tuple(sorted({label for cell in present for label in cell}))
    if len(categories) < 2:  # noqa: PLR2004 - with one there is nothing to share the labels between
        raise LabelledFileError(f'{path} has {len(categories)} categories in "{labels}"; two are needed')
    pages = _pages(table.take(rows), [found for row in rows if (found := addresses[row])])
    return LabelledPages(
        categories,
        featurise(pages),
        _truth(categories, present, _unknown(table, rows, path)),
        np.array([domain_key(page.registrable_domain) for page in pages], dtype=np.int64),
        np.array([content_key(page) for page in pages], dtype=np.int64),
        featurise_definitions([CategoryDefinition(_words(name), "") for name in categories]),
        len(table) - len(rows),
    )


def _table(path: Path) -> pa.Table:
    readers = dict(zip(FORMATS, (pa_parquet.read_table, pa_csv.read_csv, pa_json.read_json), strict=True))
    if path.suffix not in readers:
        raise LabelledFileError(f"{path} is no {', '.join(FORMATS)}; rename or convert it")
    try:
        table = readers[path.suffix](path)
    except (OSError, pa.ArrowException) as error:
        raise LabelledFileError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    return table


def _is_new(url: str, seen: set[str]) -> bool:
    new = url not in seen
    seen.add(url)
    return new


def _labels(cell: object, path: Path) -> list[str]:
    """The labels of a cell, by short name."""
    if isinstance(cell, str):
        cell = _parsed(cell)
    if cell is None:
        return []
    if not isinstance(cell, list) or not all(isinstance(label, str) for label in cell):
        shown = str(cell)[:_SHOWN]
        raise LabelledFileError(f'{path}: labels are lists, or text with | between them, not "{shown}"')
    slugs = (label.strip().lower().replace("_", "-").replace(" ", "-") for label in cell)
    return sorted({slug for slug in slugs if slug and slug != _NONE})


def _parsed(cell: str) -> object:
    if not cell.strip().startswith("["):
        return cell.split("|")
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def _unknown(table: pa.Table, rows: Sequence[int], path: Path) -> list[list[str]]:
    if "unknown_labels" not in table.column_names:
        return [[]] * len(rows)
    return [_labels(cell, path) for cell in table["unknown_labels"].take(rows).to_pylist()]


def _truth(categories: Sequence[str], present: Iterable[list[str]], unknown: Sequence[list[str]]) -> Array:
    column = {name: number for number, name in enumerate(categories)}
    truth = np.zeros((len(unknown), len(categories)), dtype=np.int8)
    for row, (found, missing) in enumerate(zip(present, unknown, strict=True)):
        truth[row, [column[name] for name in missing if name in column]] = UNKNOWN
        truth[row, [column[name] for name in found]] = 1
    return truth


def _pages(table: pa.Table, addresses: Sequence[tuple[str, str, str]]) -> list[PageText]:
    titles, texts = (_texts(table, name) for name in ("title", "text"))
    return [
        PageText(*address, title=title, description="", text=text)
        for address, title, text in zip(addresses, titles, texts, strict=True)
    ]


def _texts(table: pa.Table, name: str) -> list[str]:
    if name not in table.column_names:
        return [""] * len(table)
    cells: list[Any] = table[name].to_pylist()
    return ["" if cell is None else str(cell) for cell in cells]


def _words(slug: str) -> str:
    return slug.replace("-", " ")
