"""A pen: draws phrases and fills their places, from one seeded stream of randomness."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learner.demo.phrases import Phrases


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws from `phrases` with `rng`."""

    rng: np.random.Generator
    phrases: Phrases

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < probability)

    def pick(self, options: Sequence[str]) -> str:
        """One of the options, each as likely."""
        return options[int(self.rng.integers(len(options)))]

    def fill(self, template: str, words: Sequence[str], *, slug: str = "") -> str:
        """The template with its places filled: three distinct `words` for {t}, {u}, {v}, and invented names."""
        first, second, third = (words[index] for index in self.rng.choice(len(words), size=3, replace=False))
        filled = template.format(
            t=first,
            T=first[0].upper() + first[1:],
            u=second,
            v=third,
            s=slug,
            n=int(self.rng.integers(20, 980)),
            k=int(self.rng.integers(2, 12)),
            place=self.pick(self.phrases.places),
            name=self.pick(self.phrases.names),
            day=self.pick(self.phrases.days),
        )
        return filled[0].upper() + filled[1:] if filled else filled
