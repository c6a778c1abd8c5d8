import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Barrier

import numpy as np
import pytest

from learner.core import shards
from learner.core.archive import archive_bytes
from learner.core.errors import MalformedFileError, RecipeMismatchError
from learner.core.features import PageText
from learner.core.keys import domain_key
from learner.core.recipe import RECIPE
from learner.core.shards import Shard, content_key, read_ahead, shard_bytes, shard_read, worked_ahead
from tests.learner.core.pages import make_pages, make_shard


@pytest.fixture
def shard() -> Shard:
    return make_shard(make_pages(30))


def test_a_shard_reads_back_as_it_was_written(shard: Shard) -> None:
    back = shard_read(shard_bytes(shard))

    for name in ("item_ids", "holdout", "domains", "contents"):
        np.testing.assert_array_equal(getattr(back, name), getattr(shard, name))
    assert abs(back.features - shard.features).sum() == 0
    assert back.features.dtype == np.float32


def test_a_shard_is_read_without_a_copy(shard: Shard) -> None:
    content = shard_bytes(shard)

    back = shard_read(content)

    for array in (back.item_ids, back.features.data, back.features.indices, back.features.indptr):
        assert not array.flags.owndata
        assert not array.flags.writeable
        assert array.flags.aligned
        assert array.ctypes.data % 4 == 0


def test_equal_shards_give_equal_bytes() -> None:
    assert shard_bytes(make_shard(make_pages(30))) == shard_bytes(make_shard(make_pages(30)))


def test_an_empty_shard_reads_back() -> None:
    empty = make_shard(make_pages(0))

    assert len(shard_read(shard_bytes(empty))) == 0


def test_a_shard_of_another_recipe_is_refused(shard: Shard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "RECIPE", "url-text-0")
    old = shard_bytes(shard)
    monkeypatch.undo()

    with pytest.raises(
        RecipeMismatchError, match="recipe url-text-0, this code computes url-text-2; featurise"
    ):
        shard_read(old)


@pytest.mark.parametrize("keep", [0, 10, 500, -1])
def test_a_truncated_shard_is_refused(shard: Shard, keep: int) -> None:
    with pytest.raises(MalformedFileError, match="cannot be read as arrays"):
        shard_read(shard_bytes(shard)[:keep])


def test_pickled_objects_in_a_shard_are_refused() -> None:
    file = io.BytesIO()
    np.savez(file, recipe=np.array([{"run": "me"}], dtype=object))

    with pytest.raises(MalformedFileError, match="Object arrays cannot be loaded"):
        shard_read(file.getvalue())


def test_a_shard_without_an_array_is_refused() -> None:
    with pytest.raises(MalformedFileError, match="no array 'item_ids"):
        shard_read(archive_bytes({"recipe": np.array(RECIPE)}, compressed=False))


def test_columns_outside_the_recipe_are_refused(shard: Shard) -> None:
    features = shard.features.copy()
    features.indices[0] = 2**30
    damaged = shard_bytes(replace_features(shard, features))

    with pytest.raises(MalformedFileError, match="the features are damaged"):
        shard_read(damaged)


def replace_features(shard: Shard, features: object) -> Shard:
    return replace(shard, features=features)  # type: ignore[arg-type]


def test_parts_of_other_lengths_are_refused(shard: Shard) -> None:
    with pytest.raises(MalformedFileError, match=r"holdout is bool \(29,\); it needs bool \(30,\)"):
        replace(shard, holdout=shard.holdout[1:])


def test_features_of_another_width_are_refused(shard: Shard) -> None:
    with pytest.raises(MalformedFileError, match=r"features are \(30, 7\); 30 items under url-text-2 need"):
        replace(shard, features=shard.features[:, :7])


def test_item_ids_out_of_order_are_refused(shard: Shard) -> None:
    with pytest.raises(MalformedFileError, match="not strictly ascending"):
        replace(shard, item_ids=shard.item_ids[::-1].copy())


def test_shards_read_ahead_come_in_order_and_one_is_read_while_another_is_worked_on(shard: Shard) -> None:
    content = shard_bytes(shard)
    started: list[int] = []

    def reading(number: int) -> Callable[[], Shard]:
        def read() -> Shard:
            started.append(number)
            return shard_read(content)

        return read

    shards = read_ahead(map(reading, range(4)))

    assert len(next(shards)) == 30
    shards.close()  # type: ignore[attr-defined]
    assert started == [0, 1]
    assert len(list(read_ahead(map(reading, range(4))))) == 4
    assert started[2:] == [0, 1, 2, 3]


def test_what_a_reading_raises_is_raised_at_its_turn(shard: Shard) -> None:
    content = shard_bytes(shard)
    shards = read_ahead([lambda: shard_read(content), lambda: shard_read(content[:10])])

    assert len(next(shards)) == 30
    with pytest.raises(MalformedFileError, match="cannot be read"):
        next(shards)


def test_content_keys_tell_texts_apart_and_are_zero_when_only_the_url_is_known() -> None:
    bare = PageText("https://a.example/", "a.example", "a.example", "", "", "")

    assert content_key(bare) == 0
    assert content_key(replace(bare, title="a")) != content_key(replace(bare, text="a")) != 0
    assert content_key(replace(bare, title="a")) == content_key(
        replace(bare, title="a", url="https://b.example/")
    )


def test_domain_keys_are_stable() -> None:
    assert domain_key("example.com") == domain_key("example.com") != domain_key("example.org")
    assert -(2**63) <= domain_key("example.com") < 2**63


def test_what_the_tasks_raise_comes_after_what_was_begun() -> None:
    def tasks() -> Iterator[Callable[[], int]]:
        yield lambda: 1
        yield lambda: 2
        raise MalformedFileError("there is no third")

    found = worked_ahead(tasks(), 3)

    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(MalformedFileError, match="no third"):
        next(found)


def test_as_many_tasks_as_there_are_threads_are_worked_on_at_once() -> None:
    together = Barrier(2, timeout=30)

    assert sorted(worked_ahead([together.wait] * 4, 2)) == [0, 0, 1, 1]
