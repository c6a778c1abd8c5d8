"""The language that a text is written in, as people name it."""

import unicodedata
from itertools import islice
from typing import Final

from django.conf.locale import LANG_INFO
from resiliparse.parse.lang import detect_fast, supported_langs

LETTERS_MIN: Final = (
    80  # of shorter texts the detector names any language: 40 letters of English are French to it
)
CHARS_READ: Final = 2_000
KANA_MIN: Final = 0.1  # of the letters: a Chinese text may quote some
KANA: Final = range(0x3041, 0x3100)
RANK_MAX: Final = 1_100  # a distance; the detector itself takes more than 1,200 for chance
# Living languages that Django has no name for. Of the detector's others (Latin, Sanskrit, Volapük and the like) every
# guess on a web page is a mistake, so it is not asked for them.
MORE: Final = {
    "gu": "Gujarati", "ha": "Hausa", "jv": "Javanese", "ku": "Kurdish", "mg": "Malagasy", "mt": "Maltese", "or": "Odia",
    "ps": "Pashto", "sd": "Sindhi", "si": "Sinhala", "so": "Somali", "tl": "Tagalog", "yi": "Yiddish", "zh": "Chinese",
}  # fmt: skip


def _names() -> dict[str, str]:
    django = {code: str(info["name"]) for code, info in LANG_INFO.items() if "name" in info}
    return {code: name for code, name in (django | MORE).items() if code in supported_langs()}


NAMES: Final = _names()
CODES: Final = list(NAMES)


def language_of(text: str) -> str:
    """The English name of the language of `text`; empty when the text is too short, or like none that is known."""
    read = unicodedata.normalize("NFC", text[:CHARS_READ])
    if next(islice(filter(str.isalpha, read), LETTERS_MIN - 1, None), None) is None:
        return ""
    code, rank = detect_fast(read, langs=CODES)
    if rank > RANK_MAX:
        return ""
    # The detector says `unknown`, with any rank, of what it can say nothing of: one word over and over, for instance.
    return NAMES.get("ja" if code == "zh" and _has_kana(read) else code, "")


def _has_kana(read: str) -> bool:
    """Whether a text is written in kana too, as Japanese alone is: the detector takes some of it for Chinese."""
    letters = [ord(letter) for letter in read if letter.isalpha()]
    return sum(letter in KANA for letter in letters) >= KANA_MIN * len(letters)
