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


LANDIS_KOCH: Final = (
    (0.8, "almost perfect"),
    (0.6, "substantial"),
    (0.4, "moderate"),
    (0.2, "fair"),
    (0.0, "slight"),
)


def kappa_word(kappa: Estimate) -> Word:
    """What a kappa (or AC1) is called: slight, fair, moderate, substantial, almost perfect; poor under 0.

    Like `alpha_word`, an interval that reaches into another band makes the word uncertain, and the text says so.

    References
    ----------
    Landis and Koch (1977), Biometrics 33, 159-174, p. 165. Bounds are theirs: 0.20 is slight, above it is fair.

    Examples
    --------
    >>> kappa_word(Estimate(0.7, 0.65, 0.75, 120, 240)).text
    'substantial'
    """
    if kappa.value is None:
        return Word("unknown", kappa.why_undefined)
    text = _strength(kappa.value)
    if kappa.low is None or kappa.high is None:
        return Word("warn", f"{text} so far, {kappa.why_undefined}")
    low, high = _strength(kappa.low), _strength(kappa.high)
    if low != text:
        return Word("warn", f"{text} so far, but the interval reaches down to {low}")
    if high != text:
        return Word("warn", f"{text} so far, but the interval reaches up to {high}")
    if kappa.value > LANDIS_KOCH[1][0]:
        return Word("good", text)
    return Word("warn" if kappa.value > LANDIS_KOCH[2][0] else "bad", text)


def _strength(value: float) -> str:
    if value < 0:
        return "poor"
    return next((text for bound, text in LANDIS_KOCH if value > bound), "slight")
