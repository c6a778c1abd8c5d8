"""What must not be over-blocked: the standing slices. Imports nothing heavy: tables name them."""

from typing import Final

PACKS: Final = {
    "sex-education": "Sex education",
    "lgbtq-support": "LGBTQ+ support",
    "recovery-crisis": "Recovery and crisis help",
    "news-violence": "News on violence",
    "security-education": "Security education",
    "health": "Health",
    "art": "Art",
    "reference": "Reference",
}
LIMIT: Final = 0.02
"""The share of a slice that may be flagged by mistake, at the upper end of its interval, until people set another."""
LIMIT_MAX: Final = 0.5
QUOTA_MAX: Final = 20
