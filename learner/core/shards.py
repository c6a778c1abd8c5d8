"""Shards: the features of a few thousand items each, computed once and kept as files."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.sparse import csr_matrix

from learner.core.archive import archive_bytes, archive_view
from learner.core.arrays import Array, Booleans, Integers
from learner.core.errors import MalformedFileError, RecipeMismatchError
from learner.core.features import N_FEATURES, PageText
from learner.core.keys import key_of
from learner.core.recipe import RECIPE

T = TypeVar("T")
_KEYS = ("item_ids", "holdout", "domains", "contents")
_PARTS = ("recipe", *_KEYS, "data", "indices", "indptr")


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """Items with their features; row i of every part is the same item.

    Attributes
    ----------
    item_ids : int64 (n_items,)
        Strictly ascending.
    holdout : bool (n_items,)
        True where the item may never train.
    domains : int64 (n_items,)
        `domain_key` of the registrable domain.
    contents : int64 (n_items,)
        `content_key` of the page; 0 where nothing but the URL is known.
    features : csr_matrix, float32 (n_items, N_FEATURES)
        From `learner.core.features.featurise`.

    Raises
    ------
    MalformedFileError
        If the parts differ in length, in type, or the item ids are not ascending.
    """

    item_ids: Integers
    holdout: Booleans
    domains: Integers
    contents: Integers
    features: csr_matrix

    def __post_init__(self) -> None:
        n_items = len(self.item_ids)
        if self.features.shape != (n_items, N_FEATURES):
            raise MalformedFileError(
                f"features are {self.features.shape}; {n_items} items under {RECIPE} "
                f"need ({n_items}, {N_FEATURES})"
            )
        for name, dtype in zip(_KEYS, (np.int64, np.bool_, np.int64, np.int64), strict=True):
            part: Array = getattr(self, name)
            if part.shape != (n_items,) or part.dtype != dtype:
                raise MalformedFileError(
                    f"{name} is {part.dtype} {part.shape}; it needs {dtype.__name__} ({n_items},)"
                )
        if np.any(np.diff(self.item_ids) <= 0):
            raise MalformedFileError(
                "item_ids are not strictly ascending; sort the items by id and keep each once"
            )

    def __len__(self) -> int:
        return len(self.item_ids)


def content_key(page: PageText) -> int:
    """A 64-bit key of what a page says; 0 where only the URL is known, which makes no duplicates."""
    if not (page.title or page.description or page.text):
        return 0
    return key_of("\0".join((page.title, page.description, page.text))) or 1


def shard_bytes(shard: Shard) -> bytes:
    """The shard as npz, equal bytes for equal shards; not compressed, because each query reads it again."""
    features = shard.features
    arrays: dict[str, Array] = {name: getattr(shard, name) for name in _KEYS}
    arrays |= {"data": features.data, "indices": features.indices, "indptr": features.indptr}
    return archive_bytes({**arrays, "recipe": np.array(RECIPE)}, compressed=False)


def shard_read(content: bytes) -> Shard:
    """The shard in the bytes of a file whose hash was compared; its arrays are views of these bytes.

    Raises
    ------
    RecipeMismatchError
        If it was made under another recipe: featurise its items again.
    MalformedFileError
        If it is damaged or its parts do not fit together.
    """
    arrays = archive_view(content, _PARTS)
    recipe = str(arrays["recipe"])
    if recipe != RECIPE:
        raise RecipeMismatchError(
            f"the shard has recipe {recipe}, this code computes {RECIPE}; featurise its items again"
        )
    return Shard(
        item_ids=arrays["item_ids"],
        holdout=arrays["holdout"],
        domains=arrays["domains"],
        contents=arrays["contents"],
        features=_features(arrays),
    )


def read_ahead(readings: Iterable[Callable[[], Shard]]) -> Iterator[Shard]:
    """The shard of each reading, in order; while the caller works with one, a thread reads the next.

    Reading and hashing leave the other core and the interpreter free, so only the first is waited for. Memory
    holds two. What a reading raises is raised at its turn.
    """
    return worked_ahead(readings, 1)


def worked_ahead(tasks: Iterable[Callable[[], T]], n: int) -> Iterator[T]:
    """What each task gives, in order; while the caller has one, `n` threads work on the next.

    For work that leaves the interpreter free, as reading and sparse products do. What a task raises is raised at its
    turn, and so is what `tasks` raises: after all that was begun before.
    """
    with ThreadPoolExecutor(max_workers=n, thread_name_prefix="shards") as workers:
        coming: deque[Future[T]] = deque()
        ahead = iter(tasks)
        while True:
            try:
                task = next(ahead)
            except StopIteration:
                break
            except Exception as error:
                coming.append(Future())
                coming[-1].set_exception(error)
                break
            coming.append(workers.submit(task))
            if len(coming) > n:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def _features(arrays: dict[str, Array]) -> csr_matrix:
    shape = (len(arrays["item_ids"]), N_FEATURES)
    try:
        matrix = csr_matrix(
            (arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape, dtype=np.float32
        )
        matrix.check_format(full_check=True)
    except ValueError as error:
        raise MalformedFileError(f"the features are damaged ({error}); featurise the items again") from error
    return matrix
