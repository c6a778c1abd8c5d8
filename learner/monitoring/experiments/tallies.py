"""Counts of this process on their way to Redis: a request adds in memory, a thread sends every few seconds.

No request waits for Redis, and none fails with it: while it is down, counts stay in memory, where nothing grows with
the traffic. What a process holds is lost when it is killed: at most some seconds of counts.
"""

import atexit
import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from threading import Lock, Timer
from typing import Any, Final

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

EVERY: Final = 2.0  # seconds between two sendings of a process
PATIENCE: Final = 1.0  # seconds that a sending waits for Redis, the most
PAUSE: Final = 10.0  # seconds before a Redis that failed is tried again
PAGES_HELD: Final = 100
"""So many differing pages of an experiment wait in memory, and twice as many in Redis; what comes then is let go."""
LIVES: Final = 30 * 24 * 3600


class Tally:
    """What was counted and is not sent yet."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[int, Counter[str]] = {}
        self._pages: dict[int, list[str]] = {}
        self._timer: Timer | None = None

    def count(self, experiment: int, fields: Iterable[str]) -> None:
        """Add one to each field, as often as it comes."""
        with self._lock:
            self._counts.setdefault(experiment, Counter()).update(fields)
            self._send_in(EVERY)

    def keep(self, experiment: int, pages: Iterable[Mapping[str, Any]]) -> None:
        """Pages on which the two versions differ; those beyond `PAGES_HELD` are let go."""
        with self._lock:
            held = self._pages.setdefault(experiment, [])
            held += [json.dumps(page) for page in pages][: PAGES_HELD - len(held)]

    def send(self) -> None:
        """Everything to Redis now; it stays here when Redis does not answer."""
        with self._lock:
            counts, self._counts = self._counts, {}
            pages, self._pages = self._pages, {}
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        try:
            _sent(counts, pages)
        except RedisError as error:
            logger.warning("Counts of experiments wait in memory, Redis does not answer: %s", error)
            self._take_back(counts, pages)

    def forget(self) -> None:
        """Let go of what is not sent; for a process that begins anew."""
        with self._lock:
            self._counts, self._pages = {}, {}

    def _take_back(self, counts: Mapping[int, Counter[str]], pages: Mapping[int, list[str]]) -> None:
        with self._lock:
            for experiment, counted in counts.items():
                self._counts.setdefault(experiment, Counter()).update(counted)
            for experiment, held in pages.items():
                self._pages[experiment] = [*held, *self._pages.get(experiment, [])][:PAGES_HELD]
            self._send_in(PAUSE)

    def _send_in(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = Timer(seconds, self.send)
            self._timer.daemon = True
            self._timer.start()


TALLY: Final = Tally()
atexit.register(TALLY.send)


def counts_key(experiment: int) -> str:
    """Where Redis holds the counts that no row has yet."""
    return f"crossguard:experiment:{experiment}:counts"


def pages_key(experiment: int) -> str:
    """Where Redis holds the differing pages that no row has yet."""
    return f"crossguard:experiment:{experiment}:pages"


def tally_redis() -> Redis:
    """The connection to Redis, which waits for `PATIENCE` and no longer."""
    return _redis(settings.REDIS_URL)


@lru_cache(maxsize=4)
def _redis(url: str) -> Redis:
    return Redis.from_url(
        url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
    )


def _sent(counts: Mapping[int, Counter[str]], pages: Mapping[int, list[str]]) -> None:
    if not counts and not pages:
        return
    with tally_redis().pipeline(transaction=True) as every:
        for experiment, counted in counts.items():
            for field, n in counted.items():
                every.hincrby(counts_key(experiment), field, n)
            every.expire(counts_key(experiment), LIVES)
        for experiment, held in pages.items():
            if held:
                every.rpush(pages_key(experiment), *held)
                every.ltrim(pages_key(experiment), 0, 2 * PAGES_HELD - 1)
                every.expire(pages_key(experiment), LIVES)
        every.execute()
