import numpy as np
import pytest

from learner.core.features import (
    MAX_WORDS,
    N_FEATURES,
    N_URL,
    RECIPE,
    PageText,
    describe_recipe,
    featurise,
    host_grams,
    text_tokens,
    url_tokens,
)

CHESS = PageText(
    url="https://www.chess24.example.org/play/online-now?utm=1&level=3#top",
    host="www.chess24.example.org",
    registrable_domain="example.org",
    title="Play Chess",
    description="",
    text="Chess against friends.",
)


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


def test_host_grams_mark_the_ends_of_the_word() -> None:
    assert list(host_grams("chess")) == ["c:^che", "c:ches", "c:hess", "c:ess$"]
    assert list(host_grams("a")) == ["c:^a$"]


def test_text_tokens_are_words_of_title_and_text_with_prefixes_of_the_longer_ones() -> None:
    assert text_tokens(CHESS) == ["play", "chess", "chess", "against", "friends", "s:again", "s:frien"]


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

    assert features.nnz == 33
    assert int(features.indices.astype(np.int64).sum()) == 6_938_544
    assert float(features.data.sum()) == pytest.approx(7.5825, abs=1e-4)
