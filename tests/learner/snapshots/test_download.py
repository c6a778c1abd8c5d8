"""One file of a snapshot over the API: whole, in parts, not again, and only to whoever may have it."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from annotator.projects.models import Role
from tests.factories import GAMES, make_items, make_member, make_project
from tests.learner.snapshots.test_services import resolve, take

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "/api/v1/projects/pilot/snapshots/1/files"


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def get() -> Callable[..., Any]:
    """Asks as a scientist for a file of snapshot 1."""
    project = make_project("pilot")
    resolve(make_items(project, 1)[0], [GAMES])
    take(project)
    client = Client()
    client.force_login(make_member(project, Role.SCIENTIST))
    return lambda name, **headers: client.get(f"{BASE}/{name}", headers=headers)


def test_a_file_comes_whole_with_its_hash_as_etag(get: Callable[..., Any]) -> None:
    answer = get("items.parquet")

    content = answer.getvalue()
    assert answer.status_code == 200
    assert answer["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert int(answer["Content-Length"]) == len(content)
    assert (answer["Accept-Ranges"], answer["Content-Type"]) == ("bytes", "application/octet-stream")


def test_the_manifest_is_one_of_the_files(get: Callable[..., Any]) -> None:
    answer = get("manifest.json")

    assert answer["ETag"] == f'"{hashlib.sha256(answer.getvalue()).hexdigest()}"'


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=10-", 10, None), ("bytes=-5", -5, None), ("bytes=3-999999", 3, None)],
)
def test_a_part_is_sent_as_asked(get: Callable[..., Any], asked: str, first: int, last: int | None) -> None:
    whole = get("card.json").getvalue()

    answer = get("card.json", range=asked)

    wanted = whole[first:] if last is None else whole[first : last + 1]
    begin = len(whole) + first if first < 0 else first
    assert answer.status_code == 206
    assert answer.getvalue() == wanted
    assert answer["Content-Range"] == f"bytes {begin}-{begin + len(wanted) - 1}/{len(whole)}"
    assert int(answer["Content-Length"]) == len(wanted)


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "lines=1-2", "bytes=", "bytes=-", "bytes=9-3", "bytes=x-"]
)
def test_the_whole_is_sent_for_what_is_no_single_range(get: Callable[..., Any], asked: str) -> None:
    answer = get("card.json", range=asked)

    assert answer.status_code == 200
    assert answer.getvalue() == get("card.json").getvalue()


def test_a_part_of_other_content_is_not_continued(get: Callable[..., Any]) -> None:
    whole = get("card.json")
    etag, content = whole["ETag"], whole.getvalue()

    same = get("card.json", range="bytes=4-", **{"if-range": etag})
    other = get("card.json", range="bytes=4-", **{"if-range": '"other"'})

    assert (same.status_code, other.status_code) == (206, 200)
    assert (same.getvalue(), other.getvalue()) == (content[4:], content)


def test_a_range_after_the_end_is_refused_with_the_size(get: Callable[..., Any]) -> None:
    size = len(get("card.json").getvalue())

    answer = get("card.json", range=f"bytes={size}-")

    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{size}"
    assert answer.json()["error"]["code"] == "no_such_range"


def test_what_the_caller_has_is_not_sent_again(get: Callable[..., Any]) -> None:
    whole = get("card.json")
    etag = whole["ETag"]
    whole.close()

    answers = [get("card.json", **{"if-none-match": known}) for known in (etag, f'"x", W/{etag}', "*", '"x"')]

    assert [answer.status_code for answer in answers] == [304, 304, 304, 200]
    assert answers[0]["ETag"] == etag
    answers[3].close()


def test_a_name_that_the_snapshot_lacks_is_not_found(get: Callable[..., Any]) -> None:
    answer = get("settings.py")

    assert answer.status_code == 404
    assert 'no file "settings.py"' in answer.json()["error"]["message"]
