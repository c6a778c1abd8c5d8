"""Kinds of pages, concentration and clusters: the rules of the report on an ingest."""

import numpy as np
import pytest

from annotator.pool.minhash import BANDS, bands, shingles
from annotator.pool.quality import KINDS, Clusters, clusters_of, effective_number, kind_of
from annotator.pool.quality_page import KIND_WORDS, quality_of

WORDS = "a page about the rules of chess and how its pieces move over the board in turn, with examples for beginners"


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        ("Chess", WORDS, "readable"),
        ("Chess", "two words", "short"),
        ("Chess", "", "empty"),
        ("", "", "empty"),
        ("404 Not Found", WORDS, "error"),
        ("Error 503", "", "error"),
        ("Page not found - Example", WORDS, "error"),
        ("Just a moment...", "Checking your browser", "error"),
        ("Apache2 Debian Default Page: It works", WORDS, "error"),
        ("Index of /files", "a b c", "error"),
        ("example.com", "This domain is for sale. Inquire now.", "parked"),
        ("example.com is parked free", "", "parked"),
        ("App", "You need to enable JavaScript to run this app.", "script"),
        ("404 ways to win at chess", WORDS, "error"),  # plain rules: a short page so called is counted as one
        ("Parking a domain", f"{WORDS} " * 30 + "buy this domain", "readable"),
        ("Page not found: a history", f"{WORDS} " * 30, "readable"),
        ("JavaScript", f"{WORDS} enable JavaScript " * 10, "readable"),
        ("4040 recipes", WORDS, "readable"),
    ],
)
def test_a_page_is_told_by_title_and_text(title: str, text: str, kind: str) -> None:
    assert kind_of(title, text) == kind


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        ("Página no encontrada – Revista", "", "error"),
        ("Fehler 404", "", "error"),
        ("Seite nicht gefunden - Verein", "Zur Startseite", "error"),
        ("Page introuvable", "", "error"),
        ("Página não encontrada", "", "error"),
        ("Ошибка 404", "", "error"),
        ("Страница не найдена", "", "error"),
        ("无法找到该页", "", "error"),
        ("恭喜，站点创建成功！", "", "error"),
        ("ページが見つかりませんでした", "", "error"),
        ("Un momento…", "", "error"),
        ("Cuenta suspendida", "", "error"),
        ("It works!", "", "error"),
        ("beispiel.example", "Diese Domain steht zum Verkauf.", "parked"),
        ("", "Hier entsteht eine neue Internetpräsenz", "parked"),
        ("", "Ce nom de domaine est à vendre !", "parked"),
        ("", "Este dominio está en venta", "parked"),
        ("", "Este domínio está à venda", "parked"),
        ("", "Домен продаётся. Узнать цену", "parked"),
        ("您访问的域名正在出售", "", "parked"),
        ("", "Bitte aktivieren Sie JavaScript in Ihrem Browser.", "script"),
        ("", "Veuillez activer JavaScript pour continuer.", "script"),
        ("", "Пожалуйста, включите JavaScript", "script"),
        ("", "请启用JavaScript后继续", "script"),
        # Pages about such things, and others that only sound alike
        ("Un momento de paz", "Palabras para todo el día " * 9, "readable"),
        ("Einen Moment der Ruhe finden", "Worte für den ganzen Tag " * 9, "readable"),
        ("Domain zu verkaufen: ein Ratgeber", "So geht es richtig. Eine Domain ist zu verkaufen. " * 60, "readable"),
        ("Erreurs à éviter en français", "Les mots de la page sont nombreux ici " * 9, "readable"),
        ("象棋", "象棋的规则很简单，红方先走，双方轮流各走一步，直到分出胜负为止。" * 3, "readable"),
        ("象棋", "象棋的规则", "short"),
        ("หมากรุก", "หมากรุกไทยเป็นเกมกระดานที่เล่นกันมานานในประเทศไทยและประเทศเพื่อนบ้าน", "readable"),
    ],
)  # fmt: skip
def test_pages_of_other_languages_are_told_as_well(title: str, text: str, kind: str) -> None:
    assert kind_of(title, text) == kind


def test_every_kind_has_words() -> None:
    assert set(KIND_WORDS) == set(KINDS)


def test_the_effective_number_is_that_of_equal_sites() -> None:
    assert effective_number(40, 40) == pytest.approx(40)
    assert effective_number(100, 97**2 + 3) == pytest.approx(100**2 / (97**2 + 3))  # worked: 1.0625
    assert effective_number(0, 0) == 0


def banded(*texts: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    return np.array([bands(shingles(text)) for text in texts], dtype=np.int64).reshape(-1, BANDS)


def text_of(words: range) -> str:
    return " ".join(f"word{number}" for number in words)


def test_pages_that_are_nearly_the_same_are_one_cluster_whatever_their_order() -> None:
    alike = [text_of(range(200)), f"{text_of(range(200))} more", text_of(range(1, 200))]
    pair = [text_of(range(500, 700))] * 2
    single = [text_of(range(900, 1_100))]
    texts = [*alike, *pair, *single]

    for order in (texts, texts[::-1], [texts[i] for i in (3, 0, 5, 1, 4, 2)]):
        assert clusters_of(banded(*order)) == Clusters(n_clusters=2, n_pages=5, largest=3)


def test_no_page_and_unlike_pages_are_no_cluster() -> None:
    assert clusters_of(banded()) == Clusters(0, 0, 0)
    assert clusters_of(banded(text_of(range(100)), text_of(range(50, 150)))) == Clusters(
        0, 0, 0
    )  # a third is shared


def test_the_page_names_five_languages_and_sums_the_rest() -> None:
    languages = {"": 40, **{f"L{n}": 10 - n for n in range(8)}}
    facts = {
        "n_items": 100,
        "kinds": {"readable": 100},
        "languages": languages,
        "sites": {"top": [{"site": "a", "n": 50}]},
    }

    shown = quality_of(facts)

    assert [(share.name, share.n) for share in shown.languages.shares] == [
        ("L0", 10), ("L1", 9), ("L2", 8), ("L3", 7), ("L4", 6), ("others", 52),
    ]  # fmt: skip
    assert [share.name for share in shown.kinds.shares] == ["text to read"]
    assert shown.sites[0].percent == 50
