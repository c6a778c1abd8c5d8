"""Strict reading of YAML and JSON: what the usual readers let through is refused."""

import pytest

from annotator.errors import BadInput, TooLarge
from annotator.projects.strict_text import MAX_CHARACTERS, Format, strict_text_read


@pytest.mark.parametrize(
    ("text", "text_format"), [("a: [1, true, null, 'x']", "yaml"), ('{"a": [1, true, null, "x"]}', "json")]
)
def test_plain_data_comes_back_when_the_text_is_fine(text: str, text_format: Format) -> None:
    assert strict_text_read(text, text_format) == {"a": [1, True, None, "x"]}


def test_a_date_stays_text_when_it_is_yaml() -> None:
    assert strict_text_read("name: 2026-01-31", "yaml") == {"name": "2026-01-31"}


@pytest.mark.parametrize(
    ("text", "text_format", "message"),
    [
        ("a: 1\nb: 2\na: 3", "yaml", "Line 3 gives 'a' a second time; remove one of them."),
        ('{"a": 1, "a": 2}', "json", "'a' is given twice in one object; remove one of them."),
        ("a: &x [1]\nb: *x", "yaml", "Line 2 uses a YAML alias (*name); write the value out instead."),
        ('{"a": NaN}', "json", "NaN is not a number that JSON knows; write a number or null."),
        ("a: [1", "yaml", "This is not readable YAML (line 1): expected ',' or ']', but got '<stream end>'."),
        ("a: !!python/object:os.system x", "yaml", "could not determine a constructor for the tag"),
        ("? [a]\n: 1", "yaml", "found unhashable key"),
        ("a: \x01", "yaml", "special characters are not allowed"),
        ("{", "json", "This is not readable JSON (line 1, column 2)"),
        ("[" * 100_000, "json", "nested too deeply"),
        ("[" * 100_000, "yaml", "nested too deeply"),
        (f"a: {'9' * 5000}", "yaml", "a number that cannot be read"),
        ("9" * 5000, "json", "a number that cannot be read"),
    ],
)
def test_text_is_refused_with_a_reason_when_it_is_not_plain(
    text: str, text_format: Format, message: str
) -> None:
    with pytest.raises(BadInput) as refused:
        strict_text_read(text, text_format)

    assert message in refused.value.message


def test_text_is_refused_when_it_is_too_long() -> None:
    with pytest.raises(TooLarge, match="has 1,000,001 characters; at most 1,000,000 are read"):
        strict_text_read(" " * (MAX_CHARACTERS + 1), "yaml")
