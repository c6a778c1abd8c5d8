"""So many API requests a minute for each token, counted in Redis; while Redis is down nobody is counted."""

from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from time import time as seconds_now
from typing import TYPE_CHECKING, Final

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from annotator.accounts.models import ApiToken
from annotator.errors import Throttled

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this, by name

MINUTE: Final = 60
PATIENCE: Final = 0.25  # seconds that a request waits for Redis, the most
PAUSE: Final = 5.0  # seconds in which a Redis that failed is not asked again by this process


@dataclass
class Outage:
    """Until when this process does not ask Redis, by its own clock."""

    until: float = 0.0


OUTAGE: Final = Outage()


class TokenThrottle(BaseThrottle):
    """Refuses a token that has used up its minute. The session of a browser is not counted."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """True, with what remains in the headers of the answer; raises Throttled."""
        limit = settings.API_REQUESTS_A_MINUTE
        if not limit or not isinstance(request.auth, ApiToken):
            return True
        now = seconds_now()
        used = requests_counted(request.auth.pk, int(now // MINUTE))
        if used is None:
            return True
        wait = MINUTE - int(now % MINUTE)
        view.headers["RateLimit-Limit"] = str(limit)
        view.headers["RateLimit-Remaining"] = str(max(limit - used, 0))
        view.headers["RateLimit-Reset"] = str(wait)
        if used <= limit:
            return True
        view.headers["Retry-After"] = str(wait)
        raise Throttled(
            f"This token has made its {limit} requests of this minute. Wait {wait} s, and ask for more at once: lists "
            "take page_size=1000, or come as one stream of NDJSON.",
            details={"limit": limit, "retry_after": wait},
        )


def requests_counted(token: int, minute: int) -> int | None:
    """How many requests the token has made in that minute, with this one; None while Redis does not answer."""
    if monotonic() < OUTAGE.until:
        return None
    key = f"crossguard:requests:{token}:{minute}"
    try:
        with _redis(settings.REDIS_URL).pipeline(transaction=False) as both:
            both.incr(key)
            both.expire(key, 2 * MINUTE)
            used = both.execute()[0]
    except RedisError:
        OUTAGE.until = monotonic() + PAUSE
        return None
    return int(used)


@lru_cache(maxsize=4)
def _redis(url: str) -> Redis:
    return Redis.from_url(
        url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
    )
