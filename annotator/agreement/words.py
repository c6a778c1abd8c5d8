"""Plain words for a coefficient: what it allows one to conclude, and how sure that is."""

from dataclasses import dataclass
from typing import Final, Literal

from annotator.agreement.bootstrap import Estimate

Level = Literal["good", "warn", "bad", "unknown"]

RELIABLE: Final = 0.8
TENTATIVE: Final = 2 / 3


@dataclass(frozen=True, slots=True)
class Word:
    """A judgment of an estimate in words; `level` says how much it should worry."""

    level: Level
    text: str


def alpha_word(alpha: Estimate) -> Word:
    """What an alpha allows: reliable from 0.8, tentative conclusions from 2/3, less is not reliable.

    An interval that reaches into another band makes the word uncertain (level "warn"), and the text says so.
    Without a value the text is the reason why there is none.

    References
    ----------
    Krippendorff (2004), Content Analysis, 2nd edition, section 11.4.4, p. 241.

    Examples
    --------
    >>> alpha_word(Estimate(0.9, 0.84, 0.95, 120, 240)).text
    'reliable'
    >>> alpha_word(Estimate(0.9, 0.5, 0.95, 12, 24)).text
    'reliable so far, but the interval reaches down to not reliable'
    """
    if alpha.value is None:
        return Word("unknown", alpha.why_undefined)
    level, text = _band(alpha.value)
    if alpha.low is None or alpha.high is None:
        return Word("warn", f"{text} so far, {alpha.why_undefined}")
    _, low = _band(alpha.low)
    _, high = _band(alpha.high)
    if low != text:
        return Word("warn", f"{text} so far, but the interval reaches down to {low}")
    if high != text:
        return Word("warn", f"{text} so far, but the interval reaches up to {high}")
    return Word(level, text)


def _band(value: float) -> tuple[Level, str]:
    if value >= RELIABLE:
        return "good", "reliable"
    if value >= TENTATIVE:
        return "warn", "tentative"
    return "bad", "not reliable"
