"""Hostile text as HTML: nothing acts, nothing hides, nothing grows without end."""

import pytest

from annotator.pool.inert import BEYOND, MARKERS_MAX, Span, inert, marked


def test_markup_stays_text() -> None:
    assert inert("<script>alert('x')</script> & \"more\"") == (
        "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;more&quot;"
    )


@pytest.mark.parametrize(
    ("char", "number", "name"),
    [
        ("\u202e", "U+202E", "Right-to-left override"),
        ("\u2066", "U+2066", "Left-to-right isolate"),
        ("\u200b", "U+200B", "Zero width space"),
        ("\ufeff", "U+FEFF", "Zero width no-break space"),
        ("\u00ad", "U+00AD", "Soft hyphen"),
        ("\x08", "U+0008", "Control character"),
        ("\u2028", "U+2028", "Line separator"),
        ("\U000e0041", "U+E0041", "Tag latin capital letter a"),
    ],
)
def test_a_character_that_cannot_be_seen_is_named(char: str, number: str, name: str) -> None:
    shown = inert(f"ca{char}sino")

    assert shown == f'ca<span class="unseen" title="{name}">{number}</span>sino'
    assert char not in shown


def test_a_run_of_them_is_one_marker() -> None:
    assert '">U+200B×400</span>' in inert("a" + "\u200b" * 400 + "b")


def test_joiners_stay_where_a_script_needs_them() -> None:
    family, persian = "👩\u200d👧", "می\u200cخواهم"

    assert inert(family + persian) == family + persian
    assert "U+200D" in inert("po\u200drn")


def test_a_text_full_of_them_does_not_grow_without_end() -> None:
    shown = inert("a\u200b" * 10_000)

    assert shown.count('class="unseen"') == MARKERS_MAX
    assert shown.count(BEYOND) == 10_000 - MARKERS_MAX


def test_a_pile_of_accents_is_cut_off() -> None:
    assert inert("z" + "\u0301" * 90 + "algo") == "z" + "\u0301" * 4 + "algo"


def test_spans_are_marked_and_everything_around_them_is_escaped() -> None:
    shown = marked("<b>bet</b>", [Span(3, 6, 'Say "bets" & more')])

    assert shown == ('&lt;b&gt;<mark title="Say &quot;bets&quot; &amp; more">bet</mark>&lt;/b&gt;')
