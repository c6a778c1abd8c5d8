"""Addresses of demo pages: invented sites under reserved top-level domains, with a head and a long tail."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from learner.demo.pen import Pen
from learner.demo.phrases import Genre

RESERVED: Final = ("example", "example", "example", "test")
"""RFC 2606: these can never be anybody's site."""
MAX_PAGES: Final = 15
PLATFORM_PAGES: Final = 12
TAIL: Final = 1.7
"""Exponent of the number of pages per site: most have one, few have many."""
HOSTED: Final = 0.22
"""Share of pages on platforms where anybody writes about anything, so that the site says nothing."""
TELLING: Final = 0.5
"""Share of own sites whose name hints at the genre."""
SUBDOMAINS: Final = ("www.", "www.", "", "", "", "m.", "blog.", "my.")


@dataclass
class Sites:
    """Gives each page a fresh URL; remembers which names and addresses are taken."""

    pen: Pen
    _names: set[str] = field(default_factory=set)
    _urls: set[str] = field(default_factory=set)
    _open: dict[str, tuple[str, int]] = field(default_factory=dict)

    def url(self, genre: Genre) -> str:
        """A new URL on a site of this genre, or on a platform."""
        hosted = self.pen.chance(HOSTED)
        domain = self._domain("platform" if hosted else genre.name, genre, hosted=hosted)
        host = f"{self._slug()}.{domain}" if hosted else f"{self.pen.pick(SUBDOMAINS)}{domain}"
        return self._fresh(host, genre)

    def mirror(self, url: str, genre: Genre) -> str:
        """Another URL for the same content: a print version, or a copy on a new site."""
        printed = f"{url}{'&' if '?' in url else '?'}view=print"
        if self.pen.chance(0.5) and printed not in self._urls:
            self._urls.add(printed)
            return printed
        return self._fresh(self._new_domain(genre, hosted=False), genre)

    def _domain(self, key: str, genre: Genre, *, hosted: bool) -> str:
        """The site that is being filled, or a new one with a drawn number of pages."""
        domain, left = self._open.get(key, ("", 0))
        if not left:
            domain, left = self._new_domain(genre, hosted=hosted), PLATFORM_PAGES if hosted else self._size()
        self._open[key] = (domain, left - 1)
        return domain

    def _size(self) -> int:
        sizes = np.arange(1, MAX_PAGES + 1)
        shares = sizes**-TAIL
        return int(self.pen.rng.choice(sizes, p=shares / shares.sum()))

    def _new_domain(self, genre: Genre, *, hosted: bool) -> str:
        pen, phrases = self.pen, self.pen.phrases
        while True:
            stem = pen.pick(
                phrases.hosted if hosted else genre.stems if pen.chance(TELLING) else phrases.neutral
            )
            parts = [pen.pick(phrases.neutral), stem]
            name = pen.pick(("-", "")).join(parts if pen.chance(0.8) else reversed(parts))
            if name not in self._names:
                self._names.add(name)
                return f"{name}.{pen.pick(RESERVED)}"

    def _fresh(self, host: str, genre: Genre) -> str:
        while True:
            path = self.pen.fill(self.pen.pick(genre.paths), genre.words, slug=self._slug())
            url = f"https://{host}/{path.lower().replace(' ', '-')}"
            if url not in self._urls:
                self._urls.add(url)
                return url

    def _slug(self) -> str:
        """A path part or user name that says little."""
        neutral = self.pen.phrases.neutral
        return f"{self.pen.pick(neutral)}-{self.pen.pick(neutral)}"
