"""The language of a text, in words."""

import pytest

from annotator.pool.language import NAMES, language_of

ENGLISH = (
    "The best chess puzzles for beginners and teachers, with a sheet to print for each lesson of the week."
)


GERMAN = "Die besten Schachaufgaben für Anfänger und Lehrer, mit einem Blatt zum Ausdrucken für jede Stunde."
RUSSIAN = (
    "Лучшие шахматные задачи для начинающих и учителей с листом для печати на каждый урок недели и месяца."
)
CHINESE = "国际象棋是一种两人对弈的棋类游戏，起源于印度，后来传播到波斯和欧洲。今天它在世界各地都很流行，有许多比赛。"

# The detector's first guess at this one is Chinese.
JAPANESE = (
    "図書館では毎週火曜日の夜にチェスクラブが集まり、村の誰でも遊んだり対局を見たりできます。初心者歓迎。"
)
QUOTED = "「こんにちは」"


@pytest.mark.parametrize(
    ("text", "language"),
    [(JAPANESE * 2, "Japanese"), (CHINESE * 2 + QUOTED, "Chinese")],
)
def test_kana_tells_japanese_from_chinese(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [(ENGLISH, "English"), (GERMAN, "German"), (RUSSIAN, "Russian"), (CHINESE * 2, "Chinese")],
)
def test_a_language_is_named_when_there_is_enough_text(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text", ["", "casino bonus", ENGLISH[:60], "12 34 56 78 " * 100, "!?… " * 200, "casino " * 50]
)
def test_no_language_is_guessed_when_there_is_too_little(text: str) -> None:
    assert language_of(text) == ""


def test_only_living_languages_are_named() -> None:
    assert len(NAMES) > 80
    assert not {"la", "sa", "vo"} & set(NAMES)
