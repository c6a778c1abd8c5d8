"""Files that the real tools wrote, once, for us: see each test for the tool and its version."""

from collections import Counter
from pathlib import Path

import pytest

from annotator.interchange.formats import author_of, format_of, pages_of
from annotator.interchange.neutral import Page, Reading

DATA = Path(__file__).parent / "data"


def pages(name: str, slug: str, *, question: str = "") -> list[Page]:
    """The pages of a file, which is recognised and has nothing that is refused."""
    with (DATA / name).open("rb") as stream:
        assert format_of(stream) == slug
        found = list(pages_of(stream, slug, Reading(author=author_of(name), question=question)))
    assert all(isinstance(page, Page) and not page.refused for page in found)
    return [page for page in found if isinstance(page, Page)]


def said(found: list[Page]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Who said what of which page."""
    return [
        (page.fields["url"], judgment.annotator, judgment.labels)
        for page in found
        for judgment in page.judgments
    ]


def test_label_studio_1_23_2_exported_as_json() -> None:
    """A server, two people, seven annotations, one cancelled, one prediction; `/api/projects/1/export`."""
    found = pages("label-studio.json", "label-studio")

    assert said(found) == [
        ("https://casino.example/start", "1", ("Adult Content", "Gambling")),
        ("https://casino.example/start", "2", ("Gambling",)),
        ("https://bread.example/start", "1", ()),
        ("https://bread.example/start", "2", ()),
        ("https://arcade.example/start", "1", ("Games",)),
        ("https://arcade.example/start", "2", ("Gambling", "Games")),
        ("https://night.example/start", "1", ("Adult Content",)),
    ]
    first = found[0].judgments[0]
    assert (first.seconds, first.comment) == (12.5, "clear")
    assert first.given_at is not None
    assert first.given_at.isoformat() == "2026-11-27T21:39:29.229100+00:00"
    assert Counter(name for page in found for name in page.left_out) == {
        "predictions": 1,
        "cancelled annotations": 1,
    }


def test_label_studio_1_23_2_gives_people_and_times_of_our_file_back() -> None:
    """What `write` wrote, imported by its API and exported again; the last annotation was changed there."""
    found = pages("label-studio-back.json", "label-studio")

    assert said(found) == [
        ("https://casino.example/start", "annie", ("gambling",)),
        ("https://casino.example/start", "bo@example.org", ()),
        ("https://chess.example/", "annie", ()),
        ("https://chess.example/", "1", ("gambling",)),
    ]
    times = [one.given_at.isoformat() for page in found for one in page.judgments if one.given_at]
    assert times[:3] == [
        "2026-03-01T09:30:00+00:00",
        "2026-03-01T10:00:00+00:00",
        "2026-03-02T09:30:00+00:00",
    ]
    assert times[3].startswith("2026-11-28T11:12:14")
    first, second = found[0].judgments
    assert (first.seconds, first.comment, second.unsure) == (12.5, "clear", ("gambling",))


def test_doccano_1_8_4_exported_a_file_for_each_person() -> None:
    """Its `export_dataset` over its own database, JSONL, zipped; the name of each file is a person."""
    found = pages("doccano-people.zip", "doccano")

    assert said(found) == [
        ("https://casino.example/start", "alice", ("Adult Content", "Gambling")),
        ("https://arcade.example/start", "alice", ("Games",)),
        ("https://casino.example/start", "bob", ("Gambling",)),
        ("https://arcade.example/start", "bob", ("Gambling", "Games")),
    ]
    assert found[0].judgments[0].comment == "clear"
    assert [page.line for page in found] == [1, 2, 3, 4, 5, 6]
    assert found[1].left_out == ("texts without a label",)


def test_doccano_1_8_4_exported_all_annotators() -> None:
    """The same of a project that is worked on together: one file, which names nobody."""
    found = pages("doccano-all.jsonl", "doccano")

    assert said(found) == [
        ("https://casino.example/start", "doccano-all", ("Adult Content", "Gambling")),
        ("https://arcade.example/start", "doccano-all", ("Games",)),
    ]


ONE, TWO = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"


def test_argilla_2_8_0_wrote_json_without_telling_drafts() -> None:
    """Its `JsonIO.to_json`: the status of an answer is not in the file, so a draft looks like any other."""
    found = pages("argilla.json", "argilla")

    assert said(found) == [
        ("https://casino.example/poker", ONE, ("adult", "gambling")),
        ("https://casino.example/poker", TWO, ("gambling",)),
        ("https://bread.example/", ONE, ("gambling",)),
        ("https://bread.example/", TWO, ("gambling",)),
    ]
    assert found[0].left_out == ("suggestions",)


def test_argilla_2_8_0_wrote_a_flat_list_that_tells_drafts() -> None:
    """Its `GenericIO.to_list(flatten=True)`, as `Dataset.records.to_list` gives it."""
    found = pages("argilla-flat.json", "argilla")

    assert said(found) == [
        ("https://casino.example/poker", ONE, ("adult", "gambling")),
        ("https://casino.example/poker", TWO, ("gambling",)),
    ]
    assert found[1].left_out == ("discarded answers", "drafts")


@pytest.mark.parametrize(("question", "n"), [("labels", 2), ("mood", 0)])
def test_only_answers_to_the_question_count_when_one_is_named(question: str, n: int) -> None:
    assert len(said(pages("argilla-flat.json", "argilla", question=question))) == n
