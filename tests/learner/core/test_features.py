from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learner.core import hashing
from learner.core.features import (
    MAX_WORDS,
    N_FEATURES,
    N_URL,
    PageText,
    describe_recipe,
    featurise,
    gram_block,
    have_texts,
    text_block,
)
from learner.core.recipe import RECIPE
from tests.learner.core.plain_tokens import grams, text_tokens, url_tokens

CHESS = PageText(
    url="https://www.chess24.example.org/play/online-now?utm=1&level=3#top",
    host="www.chess24.example.org",
    registrable_domain="example.org",
    title="Play Chess",
    description="",
    text="Chess against friends.",
)


ODD_TEXT = st.text(st.sampled_from("aBİΣß9²٣ _-./:?#&=%\0\ud83d\U0001f600"), max_size=30) | st.text(
    max_size=20
)
ODD_URL = st.builds("{}{}{}".format, st.sampled_from(["", "https://"]), ODD_TEXT, ODD_TEXT)


def page(url: str = "https://a.example/", text: str = "") -> PageText:
    host = url.partition("://")[2].partition("/")[0]
    return PageText(url, host, host, "", "", text)


def test_url_tokens_keep_the_fields_apart() -> None:
    tokens = url_tokens(CHESS)

    assert "d:example.org" in tokens
    assert "h:chess0" in tokens
    assert [token for token in tokens if token.startswith("p:")] == ["p:play", "p:online", "p:now"]
    assert [token for token in tokens if token.startswith("b:")] == ["b:play online", "b:online now"]
    assert [token for token in tokens if token.startswith("q:")] == ["q:utm", "q:level"]
    assert not any("top" in token for token in tokens)


def test_grams_mark_the_ends_of_the_word() -> None:
    assert list(grams("ches")) == ["c:^ch", "c:che", "c:hes", "c:es$", "c:^ches", "c:ches$"]
    assert list(grams("a")) == ["c:^a$"]


def test_text_tokens_are_words_of_title_and_text_with_prefixes_of_the_longer_ones() -> None:
    assert text_tokens(CHESS) == ["play", "chess", "chess", "against", "friends", "s:again", "s:frien"]


@given(st.lists(st.builds(PageText, ODD_URL, ODD_TEXT, ODD_TEXT, ODD_TEXT, ODD_TEXT, ODD_TEXT), max_size=4))
def test_rows_hold_the_plain_tokens_whatever_the_page_says(pages: list[PageText]) -> None:
    features = featurise(pages)

    for row, own in enumerate(pages):
        for tokens, block in ((url_tokens, slice(0, N_URL)), (text_tokens, slice(N_URL, None))):
            counts = np.array(sorted(Counter(tokens(without_nul(own))).values()))
            weights = 1 + np.log(counts)
            expected = weights / np.linalg.norm(weights) if len(counts) else weights
            np.testing.assert_allclose(np.sort(features[row, block].data), expected, rtol=1e-5)


def without_nul(page: PageText) -> PageText:
    return PageText(*(getattr(page, name).replace("\0", " ") for name in PageText.__slots__))


def test_the_same_token_has_the_same_column_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [
        page(f"https://{'x' * n}.chess.example/{'y' * n}/play", "word " * n + "Straße") for n in range(40)
    ]
    whole = featurise(pages)
    alone = [featurise([one]) for one in pages]

    monkeypatch.setattr(hashing, "LETTERS_AT_ONCE", 100)
    in_parts = featurise(pages)

    assert abs(whole - in_parts).sum() == 0
    for row, own in enumerate(alone):
        assert abs(whole[row] - own).sum() == 0


def test_words_of_letters_beyond_ascii_are_words() -> None:
    def common(first: str, second: str) -> float:
        return float((text_block([first]) @ text_block([second]).T).sum())

    assert common("Straße ÇELİK", "straße") > 0.5
    assert common("шахматы", "ШАХМАТЫ") == pytest.approx(1)
    assert common("将棋", "chess") == 0


def test_columns_are_spread_evenly() -> None:
    words = [f"{first}{second}" for first in "abcdefghij" for second in range(2_000)]

    columns = np.unique(text_block(words).indices)

    expected = 2**18 * (1 - np.exp(-len(words) / 2**18))
    assert abs(len(columns) - expected) < 5 * np.sqrt(len(words) ** 2 / 2**19)


def test_grams_of_words_are_those_of_hosts() -> None:
    definition = gram_block([["chess", "play"], []])

    hosts = featurise([PageText("", "chess.play", "", "", "", "")])

    assert definition[0].nnz == 14
    assert definition[1].nnz == 0
    assert set(definition.indices) < set(hosts.indices)


def test_featurise_gives_two_unit_blocks_of_float32_with_sorted_columns() -> None:
    features = featurise([CHESS, page()])

    assert features.shape == (2, N_FEATURES)
    assert features.dtype == np.float32
    assert features.indices.dtype == np.int32
    assert features.has_sorted_indices
    assert features.data.min() > 0
    assert np.linalg.norm(features[0, :N_URL].toarray()) == pytest.approx(1)
    assert np.linalg.norm(features[0, N_URL:].toarray()) == pytest.approx(1)
    assert features[1, N_URL:].nnz == 0


def test_a_row_does_not_change_when_other_pages_are_with_it() -> None:
    alone = featurise([CHESS])

    together = featurise([page(text="other words"), CHESS])[1]

    assert abs(alone - together).sum() == 0


def test_no_pages_give_no_rows() -> None:
    assert featurise([]).shape == (0, N_FEATURES)


def test_digits_do_not_tell_two_urls_apart() -> None:
    first, second = page("https://a.example/p/123"), page("https://a.example/p/987")

    features = featurise([first, second])

    assert abs(features[0] - features[1]).sum() == 0


def test_words_beyond_the_limit_are_left_out() -> None:
    short = page(text=" ".join(["word"] * MAX_WORDS))
    long = page(text=" ".join(["word"] * MAX_WORDS + ["surplus"]))

    features = featurise([short, long])

    assert abs(features[0] - features[1]).sum() == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no-scheme",
        "https://",
        "https://[::1]/x",
        "https://a.example?x",
        "https://a.example//?&=&",
        "\ud83d://x",
    ],
)
def test_any_url_gives_a_row_when_it_is_odd(url: str) -> None:
    assert featurise([PageText(url, "", "", "", "", "")]).shape == (1, N_FEATURES)


def test_the_recipe_describes_itself() -> None:
    assert describe_recipe()["recipe"] == RECIPE
    assert describe_recipe()["features"] == N_FEATURES


def test_the_recipe_still_hashes_as_it_did() -> None:
    """Stored shards depend on it: when this fails, the recipe needs a new name."""
    features = featurise([CHESS])

    assert features.nnz == 68
    assert int(features.indices.astype(np.int64).sum()) == 10_607_905
    assert float(features.data.sum()) == pytest.approx(10.2603, abs=1e-4)


def test_pages_have_texts_when_most_say_more_than_their_address() -> None:
    bare = replace(CHESS, title="", text="")

    assert have_texts(featurise([CHESS, CHESS, bare]))
    assert not have_texts(featurise([CHESS, bare]))
    assert not have_texts(featurise([]))
