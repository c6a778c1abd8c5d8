"""Two texts as one: readable, marked, well formed, and inert whatever is in them."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.projects.compared import PIECES_MAX, prose_compared, words_compared
from annotator.projects.prose import inert, prose

MARKDOWN = st.text(alphabet=st.sampled_from("ab *_`#>-+1.)|\n<&;[]()!\\\\"), max_size=60)


def without(mark: str, html: str) -> str:
    """The words that are left without what is marked so."""
    kept = re.sub(rf"<{mark}>.*?</{mark}>", "", html, flags=re.DOTALL)
    return "".join(re.sub(r"<[^>]*>", "", kept).split())


def words(markdown: str) -> str:
    return "".join(re.sub(r"<[^>]*>", "", prose(markdown)).split())


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (
            "Credits that can be **bought** count.",
            "Credits that can be **won** count.",
            "<p>Credits that can be <strong><del>bought</del><ins>won</ins></strong> count.</p>",
        ),
        (
            "- one\n- two\n- three",
            "- one\n- three",
            "<ul> <li>one</li> <li><del>two</del></li> <li>three</li> </ul>",
        ),
        ("- one", "- one\n- two", "<ul> <li>one</li> <li><ins>two</ins></li> </ul>"),
        ("One.", "One.\n\nTwo.", "<p>One.</p> <p><ins>Two.</ins></p>"),
        ("One.\n\nTwo.", "Two.", "<p><del>One.</del></p> <p>Two.</p>"),
        ("Not this", "Not *this*", "<p>Not <del>this</del><em><ins>this</ins></em></p>"),
        ("Not *this*", "Not this", "<p>Not <em><del>this</del></em><ins>this</ins></p>"),
        ("Not *this* one", "Not one", "<p>Not <em><del>this</del></em> one</p>"),
        ("", "> Said", "<blockquote> <p><ins>Said</ins></p> </blockquote>"),
        ("one\ntwo", "one two", "<p>one two</p>"),
        (
            "Ask what the page would show a pupil.",
            "Judge only what it offers to a child.",
            "<p><del>Ask what the page would show a pupil</del><ins>Judge only what it offers to a child</ins>.</p>",
        ),
        (
            "Asking.\n\nSaying.",
            "Seeing.\n\nTelling.",
            "<p><del>Asking</del><ins>Seeing</ins>.</p> <p><del>Saying</del><ins>Telling</ins>.</p>",
        ),
    ],
)
def test_a_text_is_shown_as_it_is_read_with_what_changed_marked(old: str, new: str, shown: str) -> None:
    assert prose_compared(old, new) == shown


def test_a_row_of_a_table_is_marked_in_the_table() -> None:
    head = "| Page | Answer |\n|---|---|\n"

    html = prose_compared(f"{head}| Slots | yes |", f"{head}| Slots | no |\n| Chess | no |")

    assert "<td>Slots</td> <td><del>yes</del><ins>no</ins></td>" in html
    assert "<td><ins>Chess</ins></td>" in html
    assert html.count("<table tabindex") == 1


@pytest.mark.parametrize("compared", [words_compared, prose_compared])
def test_markup_stays_text(compared: Callable[[str, str], str]) -> None:
    shown = compared("<b>old</b> & more", "<b>new</b> & more <img src=x onerror=x>")

    assert "<b>" not in shown
    assert "<img" not in shown
    assert "<del>old</del><ins>new</ins>" in shown
    assert "&amp; more" in shown


@given(MARKDOWN, MARKDOWN)
def test_both_texts_can_be_read_whatever_they_are(old: str, new: str) -> None:
    html = prose_compared(old, new)

    assert inert(html) == html  # well formed, and nothing but the tags of a text
    assert without("del", html) == words(new)
    assert without("ins", html) == words(old)


def test_what_is_too_long_to_compare_is_shown_as_replaced() -> None:
    old, new = ("a " * PIECES_MAX).strip(), ("b " * PIECES_MAX).strip()

    assert words_compared(old, new) == f"<del>{old}</del><ins>{new}</ins>"
