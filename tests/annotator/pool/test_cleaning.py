"""One row made into one item, or refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.pool.cleaning import (
    CleanRow,
    Refusal,
    Rules,
    content_hash,
    row_clean,
    shuffle_of,
    split_of,
)
from annotator.pool.columns import LabelNames
from annotator.pool.pages import PageText
from annotator.pool.reasons import Reason

RULES = Rules(
    "salt", 10, LabelNames.of([("games", "Games"), ("self-harm", "Self-Harm"), ("adult", "Adult Content")])
)
URL = "https://example.com/a"


def cleaned(**cells: Any) -> CleanRow:
    row = row_clean({"url": URL} | cells, RULES)
    assert isinstance(row, CleanRow), row
    return row


def refused(**cells: Any) -> Refusal:
    row = row_clean({"url": URL} | cells, RULES)
    assert isinstance(row, Refusal), row
    return row


def test_a_row_becomes_an_item_with_its_evidence() -> None:
    row = cleaned(
        url="EXAMPLE.com/a?utm_source=x", title=" Two\n words ", text=" Text. ", source="log", grade="5"
    )

    assert (row.address.url, row.raw_url) == (URL, "EXAMPLE.com/a?utm_source=x")
    assert row.page == PageText("Two words", "", "Text.")
    assert (row.origin.source, row.origin.metadata, row.origin.labels) == ("log", '{"grade": "5"}', None)
    assert row.url_hash == cleaned().url_hash


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("", None),
        (None, None),
        ("games", ["games"]),
        (" Games | adult content|GAMES ", ["adult", "games"]),
        ("Self_Harm", ["self-harm"]),
        ("none", []),
        (["self harm", "games"], ["games", "self-harm"]),
        ([], []),
        ('["games"]', ["games"]),
        ("|", None),
    ],
)
def test_labels_are_read_as_a_list_or_between_bars(cell: object, labels: list[str] | None) -> None:
    assert cleaned(labels=cell).origin.labels == labels


@pytest.mark.parametrize("cell", ["games|weather", ["weather"], '["weather"]'])
def test_an_unknown_category_is_named(cell: object) -> None:
    row = refused(labels=cell)

    assert row.reason == Reason.UNKNOWN_CATEGORY
    assert row.value == "weather"
    assert '"weather"' in row.detail


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T09:30:00+01:00", datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        ("2026-03-01 09:30:00Z", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("", None),
    ],
)
def test_a_moment_without_an_offset_is_utc(cell: str, moment: datetime | None) -> None:
    assert cleaned(observed_at=cell).origin.observed_at == moment


@pytest.mark.parametrize(
    ("cell", "traffic"), [("12.5", 12.5), (3, 3.0), ("", None), ("0", 0.0), ("1e3", 1000.0)]
)
def test_traffic_is_a_number_of_requests(cell: object, traffic: float | None) -> None:
    assert cleaned(traffic=cell).origin.traffic == traffic


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"url": None}, Reason.NO_URL),
        ({"url": 7}, Reason.NOT_TEXT),
        ({"url": "ftp://example.com"}, Reason.NOT_HTTP),
        ({"traffic": "a lot"}, Reason.TRAFFIC),
        ({"traffic": "-1"}, Reason.TRAFFIC),
        ({"traffic": "nan"}, Reason.TRAFFIC),
        ({"traffic": "inf"}, Reason.TRAFFIC),
        ({"traffic": True}, Reason.TRAFFIC),
        ({"traffic": 10**400}, Reason.TRAFFIC),
        ({"observed_at": "yesterday"}, Reason.OBSERVED_AT),
        ({"observed_at": 1767225600}, Reason.OBSERVED_AT),
        ({"observed_at": "0001-01-01T00:00:00+14:00"}, Reason.OBSERVED_AT),
        ({"labels": 3}, Reason.LABELS),
        ({"labels": "[games]"}, Reason.LABELS),
        ({"title": ["a"]}, Reason.NOT_TEXT),
        ({"text": "bad \udce9 byte"}, Reason.NOT_UTF8),
        ({"url": "https://example.com/\udce9"}, Reason.NOT_UTF8),
        ({"grade": "\udce9"}, Reason.NOT_UTF8),
        ({"html": "<p>\udce9"}, Reason.NOT_UTF8),
        ({"source": "s" * 121}, Reason.SOURCE_TOO_LONG),
        ({"notes": "n" * 20_001}, Reason.METADATA_TOO_LONG),
        ({"html": "<div>" * 501}, Reason.HTML_TOO_DEEP),
        ({"html": "a" * (4 * 1024 * 1024 + 1)}, Reason.HTML_TOO_LONG),
    ],
)
def test_a_row_is_refused_with_its_reason(cells: dict[str, Any], reason: Reason) -> None:
    row = refused(**cells)

    assert row.reason == reason
    assert 0 < len(row.detail) <= 300
    assert len(row.value) <= 200


def test_a_page_is_reduced_to_title_description_and_readable_text() -> None:
    html = """<html><head><title>The  title</title><meta name="Description" content="What it is &amp; why">
        <style>p {color: red}</style></head><body><nav>Menu</nav><p>First.</p><script>x()</script>
        <p>Second.</p></body>"""

    page = cleaned(html=html).page

    assert (page.title, page.description) == ("The title", "What it is & why")
    assert page.text.split() == ["First.", "Second."]


def test_title_and_text_of_the_row_win_over_those_of_its_page() -> None:
    page = cleaned(html="<title>a</title><p>b</p>", title="A", text="B").page

    assert (page.title, page.text) == ("A", "B")


def test_control_characters_are_dropped_and_lines_kept() -> None:
    row = cleaned(text="a\x00b\x1bc\nd\te", notes="x\x00y", url="https://example.com/\x00a")

    assert row.page.text == "abc\nd\te"
    assert row.origin.metadata == '{"notes": "xy"}'


def test_numbers_that_json_has_not_become_null_in_metadata() -> None:
    assert cleaned(ratio=float("nan"), more={"deep": [float("inf"), 1]}).origin.metadata == (
        '{"ratio": null, "more": {"deep": [null, 1]}}'
    )


def test_the_content_hash_changes_when_a_word_moves_from_title_to_text() -> None:
    assert content_hash(PageText("a b", "", "c")) != content_hash(PageText("a", "", "b c"))


def test_a_tenth_of_the_sites_is_held_out_when_the_project_says_so() -> None:
    held_out = sum(split_of(f"site{number}.example", "salt", 10) == "holdout" for number in range(20_000))

    assert 1_800 < held_out < 2_200  # 2,000 expected, standard deviation 42


def test_the_split_is_the_site_s_for_ever_and_grows_with_the_percentage() -> None:
    sites = [f"site{number}.example" for number in range(500)]
    ten = {site for site in sites if split_of(site, "salt", 10) == "holdout"}
    twenty = {site for site in sites if split_of(site, "salt", 20) == "holdout"}

    assert ten < twenty
    assert ten != {site for site in sites if split_of(site, "other", 10) == "holdout"}
    assert all(split_of(site, "salt", 0) == "train" for site in sites)


def test_shuffle_fits_a_signed_32_bit_column_and_is_fixed() -> None:
    assert shuffle_of("7fffffff" + "0" * 24) == 2**31 - 1
    assert shuffle_of("80000000" + "0" * 24) == -(2**31)
    assert shuffle_of("ffffffff" + "0" * 24) == -1


@given(
    st.dictionaries(
        st.sampled_from(
            ["url", "title", "text", "html", "labels", "source", "observed_at", "traffic", "more"]
        ),
        st.one_of(
            st.none(), st.text(), st.floats(), st.integers(), st.lists(st.text(max_size=3), max_size=3)
        ),
    )
)
def test_any_row_becomes_an_item_or_a_refusal(cells: dict[str, object]) -> None:
    row = row_clean(cells, RULES)

    assert isinstance(row, CleanRow | Refusal)
    "".join(map(str, row)).encode()
