"""What each format gives back of what was written in it."""

import io
import json
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.interchange.argilla import user_id
from annotator.interchange.formats import OUTPUTS, format_of, pages_of
from annotator.interchange.neutral import ForeignJudgment, Page, Reading

DATA = Path(__file__).parent / "data"
NAMES = st.sampled_from(["gambling", "adult-content", "games", "self-harm"])
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30).map(str.strip)
AUTHOR = Reading(author="nobody", categories=frozenset({"gambling", "adult-content", "games", "self-harm"}))


@st.composite
def judged(draw: st.DrawFn) -> ForeignJudgment:
    """A judgment of anybody."""
    labels = draw(st.sets(NAMES))
    unsure = draw(st.sets(NAMES)) - labels
    verdict = "labelled" if labels or unsure else draw(st.sampled_from(["labelled", "unreachable"]))
    return ForeignJudgment(
        annotator=draw(st.sampled_from(["alice", "bob", "=1+1", "<b>eve</b>"])),
        labels=tuple(sorted(labels)),
        unsure=tuple(sorted(unsure)),
        verdict=verdict,
        given_at=draw(st.none() | st.datetimes(timezones=st.just(UTC))),
        seconds=draw(st.none() | st.floats(0, 1e6)),
        comment=draw(TEXTS),
    )


@st.composite
def judged_pages(draw: st.DrawFn) -> list[Page]:
    """Pages, each with a judgment of different people, and what is held of some of them."""
    return [
        Page(
            line=number,
            fields={"url": f"https://a.example/{number}", "title": draw(TEXTS), "text": draw(TEXTS)},
            judgments=tuple(draw(st.lists(judged(), max_size=3, unique_by=lambda one: one.annotator))),
            held=draw(st.none() | st.sets(NAMES).map(lambda names: tuple(sorted(names)))),
        )
        for number in range(1, draw(st.integers(1, 4)) + 1)
    ]


def back(pages: list[Page], output: str) -> list[Page]:
    """The pages, written and read again; nothing is refused."""
    written = io.BytesIO(
        b"".join(OUTPUTS[output].write(pages, ("gambling", "adult-content", "games", "self-harm")))
    )
    found = list(pages_of(written, format_of(written), AUTHOR))
    assert all(isinstance(page, Page) and not page.refused for page in found)
    return [page for page in found if isinstance(page, Page)]


@given(judged_pages())
def test_label_studio_gives_all_of_it_back(pages: list[Page]) -> None:
    found = back(pages, "label-studio")

    assert [page.judgments for page in found] == [page.judgments for page in pages]
    assert [page.fields for page in found] == [page.fields for page in pages]


@given(judged_pages())
def test_argilla_gives_all_but_times_back_and_people_by_uuid(pages: list[Page]) -> None:
    found = back(pages, "argilla")

    assert [page.fields for page in found] == [page.fields for page in pages]
    for page, again in zip(pages, found, strict=True):
        told = [
            replace(one, annotator=user_id(one.annotator), given_at=None, seconds=None)
            for one in page.judgments
        ]
        assert sorted(told, key=repr) == sorted(again.judgments, key=repr)


def flat(pages: list[Page]) -> list[tuple[str, ForeignJudgment]]:
    """Each judgment with its page."""
    return [(page.fields["url"], one) for page in pages for one in page.judgments]


@given(judged_pages())
def test_csv_gives_each_judgment_back(pages: list[Page]) -> None:
    if flat(pages):
        assert flat(back(pages, "csv-judgments")) == flat(pages)


@given(judged_pages())
def test_doccano_gives_labels_people_and_comments_back(pages: list[Page]) -> None:
    told = [
        (url, replace(one, given_at=None, seconds=None, unsure=()))
        for url, one in flat(pages)
        if one.verdict == "labelled"
    ]
    if told:
        assert flat(back(pages, "doccano-judgments")) == told


@pytest.mark.parametrize("output", ["doccano", "doccano-judgments"])
@given(judged_pages())
def test_each_line_for_doccano_has_every_column(output: str, pages: list[Page]) -> None:
    """doccano 1.8.4 reads a table: where a line lacks a column, the whole import ends in an error of its database."""
    lines = [json.loads(line) for line in b"".join(OUTPUTS[output].write(pages, ())).splitlines()]

    assert len({tuple(line) for line in lines}) <= 1


def test_what_doccano_took_in_and_gave_back_is_what_was_written() -> None:
    """Our file, taken in by doccano 1.8.4 and exported again by it."""
    with (DATA / "doccano-back.jsonl").open("rb") as stream:
        found = [page.judgments[0] for page in pages_of(stream, "doccano", AUTHOR) if isinstance(page, Page)]

    assert [(one.annotator, one.labels, one.comment) for one in found] == [
        ("alice@x.org", ("gambling",), "clear"),
        ("bob@x.org", ("adult-content", "gambling"), ""),
        ("alice@x.org", (), ""),
    ]


@pytest.mark.parametrize("output", ["doccano", "csv-items"])
@given(pages=judged_pages())
def test_what_is_held_true_comes_back_as_one_judgment(output: str, pages: list[Page]) -> None:
    held = [(page.fields["url"], page.held) for page in pages if page.held is not None]
    if held:
        found = [(url, one.labels) for url, one in flat(back(pages, output)) if one.annotator == "nobody"]
        assert found == held


def test_files_are_valid_when_there_is_nothing() -> None:
    for output in ("label-studio", "argilla"):
        assert json.loads(b"".join(OUTPUTS[output].write([], ()))) == []


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    eve = ForeignJudgment("=cmd()", ("games",), comment="@sum(1)")
    page = Page(1, {"url": "https://a.example/", "title": "+1", "text": "'quoted"}, (eve,))

    written = b"".join(OUTPUTS["csv-judgments"].write([page], ())).decode()

    assert written.splitlines()[1] == "https://a.example/,'+1,''quoted,'=cmd(),games,,labelled,,,'@sum(1)"
    (again,) = back([page], "csv-judgments")
    assert (again.judgments, again.fields) == ((eve,), page.fields)


def test_every_output_says_what_it_cannot_hold() -> None:
    assert all(output.lost for output in OUTPUTS.values())
