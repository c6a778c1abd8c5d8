"""How far people agree, counted from few numbers: which answers stand together on an item, and on how many items."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from annotator.agreement.bootstrap import CategoryAgreement, agreement_of
from annotator.agreement.ratings import ABSENT, PRESENT, SHARED, Tally
from learner.core.arrays import Integers
from learner.snapshots.rowsets import Coder, Codes, Rows, factored

COLUMNS: Final = ["url", "annotator", "labels", "unsure", "verdict", "is_current", "taxonomy"]
Answer = tuple[tuple[str, ...], tuple[str, ...], int]
"""Labels, what somebody was unsure of, and the number of the taxonomy version."""


@dataclass(frozen=True, eq=False)
class Answers:
    """The current answers with a label verdict, a row each: the number of the item, which rises, and which answer."""

    item: NDArray[Any]
    answer: Codes
    answers: list[Answer]
    n_judgments: int
    n_annotators: int


def answers_of(rows: Rows) -> Answers:
    """The answers of judgments that go by place."""
    counted = rows.numbers["is_current"] & rows.has("verdict", ["labelled"])
    labels, unsure = rows.values["labels"], rows.values["unsure"]
    versions = int(rows.numbers["taxonomy"].max(initial=0)) + 1
    together = (rows.codes["labels"].astype(np.int64) * len(unsure) + rows.codes["unsure"]) * versions
    codes, found = factored((together + rows.numbers["taxonomy"])[counted])
    answers = []
    for number in found:
        sets, version = divmod(number, versions)
        answers.append((labels[sets // len(unsure)], unsure[sets % len(unsure)], version))
    people = np.count_nonzero(np.bincount(rows.codes["annotator"]))
    return Answers(rows.numbers["place"][counted], codes, answers, len(rows), int(people))


def answers_of_file(path: Path) -> Answers:
    """The same from the table as it was written, when it is an earlier attempt's."""
    coder, people, item = Coder(), Coder(), _ItemNumbers()
    nothing = (np.empty(0, np.int64), np.empty(0, np.int32))
    parts, n_judgments = [nothing], 0
    for batch in pq.ParquetFile(path).iter_batches(columns=COLUMNS):
        rows = pa.table(batch)
        n_judgments += rows.num_rows
        people.codes(rows["annotator"].combine_chunks())
        counted = pc.and_(rows["is_current"], pc.equal(rows["verdict"], "labelled")).to_numpy()
        joined = [pc.binary_join(rows[name].combine_chunks(), "|") for name in ("labels", "unsure")]
        spelled = [*joined, pc.cast(rows["taxonomy"], pa.string()).combine_chunks()]
        codes = coder.codes(pc.binary_join_element_wise(*spelled, "@"))
        parts.append((item.of(rows["url"].combine_chunks())[counted], codes[counted]))
    numbers, codes = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Answers(numbers, codes, [_answer(text) for text in coder.known], n_judgments, len(people.known))


def agreement_from(answers: Answers, values: NDArray[np.int8], seed: int) -> list[CategoryAgreement]:
    """The coefficients of each category, in the order of the columns of `values`.

    `values` (n_answers, n_categories) is what each answer says of each category: present, absent, or missing. The same
    as `agreement_by_category` of all judgments one by one.
    """
    sets = list(_sets_on_items(answers))
    return [
        agreement_of(_tally(sets, values[:, category]), np.random.default_rng([seed, category]))
        for category in range(values.shape[1])
    ]


def _sets_on_items(answers: Answers) -> Iterator[tuple[Integers, Integers]]:
    """Which answers stand together on an item, (n_sets, n), and on how many items: for each number of answers."""
    n_answers = max(1, len(answers.answers))
    starts = np.flatnonzero(np.diff(answers.item, prepend=-1))
    sizes = np.diff(np.append(starts, len(answers.item)))
    for size in np.flatnonzero(np.bincount(sizes, minlength=1)).tolist():
        if size < SHARED:
            continue
        own = starts[sizes == size]
        together = np.sort(answers.answer[own[:, np.newaxis] + np.arange(size)], axis=1).astype(np.int64)
        if n_answers**size < 2**62:
            strides = n_answers ** np.arange(size, dtype=np.int64)
            keys, items = np.unique(together @ strides, return_counts=True)
            yield keys[:, np.newaxis] // strides % n_answers, items
        else:
            yield np.unique(together, axis=0, return_counts=True)


def _tally(sets: Sequence[tuple[Integers, Integers]], values: NDArray[np.int8]) -> Tally:
    """The tally of one category: how many said absent and present, and on how many items."""
    nothing = np.empty((0, 2), np.int64), np.empty(0, np.int64)
    said = [nothing]
    for together, items in sets:
        found = values[together]
        counts = np.stack([(found == ABSENT).sum(axis=1), (found == PRESENT).sum(axis=1)], axis=1)
        said.append((counts, items))
    counts, items = (np.concatenate(column) for column in zip(*said, strict=True))
    shared = counts.sum(axis=1) >= SHARED
    base = int(counts.max(initial=0)) + 1
    frequency = np.bincount(
        counts[shared] @ np.array([1, base]), weights=items[shared].astype(np.float64), minlength=1
    ).astype(np.int64)
    keys = np.flatnonzero(frequency)
    return Tally(keys[:, np.newaxis] // np.array([1, base]) % base, frequency[keys])


class _ItemNumbers:
    """Numbers for items whose judgments stand together, one table after the other."""

    def __init__(self) -> None:
        self.last: str | None = None
        self.number = -1

    def of(self, urls: pa.Array) -> Integers:
        """The number of the item of each row."""
        if not len(urls):
            return np.empty(0, dtype=np.int64)
        is_new = np.empty(len(urls), dtype=np.bool_)
        is_new[0] = urls[0].as_py() != self.last
        is_new[1:] = pc.not_equal(urls[1:], urls[:-1]).to_numpy(zero_copy_only=False)
        found: Integers = self.number + np.cumsum(is_new)
        self.last, self.number = urls[-1].as_py(), int(found[-1])
        return found


def _answer(text: str) -> Answer:
    labels, unsure, version = text.split("@")
    return _slugs(labels), _slugs(unsure), int(version)


def _slugs(joined: str) -> tuple[str, ...]:
    return tuple(filter(None, joined.split("|")))
