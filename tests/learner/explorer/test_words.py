"""How pages and what people look for are cut into words."""

import pytest

from learner.explorer.words import NoWords, Term, terms_of, tsquery_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "https://www.chess.example/Open_games?x=1",
            {"https", "www", "chess", "example", "open", "games", "x", "1"},
        ),
        ("Ｆｕｌｌ wide ﬁne", {"full", "wide", "fine"}),
        ("Straße ÉCOLE", {"straße", "école"}),
        ("围棋规则 go", {"围棋", "棋规", "规则", "go"}),
        ("将", {"将"}),
        ("", set()),
    ],
)
def test_a_text_is_cut_into_words(text: str, words: set[str]) -> None:
    assert words_of(text) == words


def test_what_is_looked_for_is_cut_as_pages_are() -> None:
    assert terms_of("Self-Harm -casino beg*") == [
        Term(("self", "harm")),
        Term(("casino",), is_excluded=True),
        Term(("beg",), is_prefix=True),
    ]
    assert tsquery_of(Term(("self", "har"), is_prefix=True)) == "'self' & 'har':*"


@pytest.mark.parametrize(
    ("text", "problem"), [("chess --", "no letter"), ("a*", "too short"), ("a " * 13, "12 words")]
)
def test_what_cannot_be_looked_for_is_told(text: str, problem: str) -> None:
    with pytest.raises(NoWords, match=problem):
        terms_of(text)
