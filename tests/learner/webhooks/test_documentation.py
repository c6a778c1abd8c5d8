"""docs/webhooks.md: its example verifies what is sent, and it names every event."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from annotator.runtime.embedded import REPOSITORY
from learner.webhooks.models import PING, Event
from learner.webhooks.secrets import secret_new, signatures

TEXT = (REPOSITORY / "docs" / "webhooks.md").read_text()
BODY = '{"type": "ping"}'


@pytest.fixture
def verified() -> Callable[[str, dict[str, str], bytes], bool]:
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    names: dict[str, Any] = {}
    exec(compile(example, "docs/webhooks.md", "exec"), names)
    found: Callable[[str, dict[str, str], bytes], bool] = names["verified"]
    return found


def headers(*secrets: str, stamp: int) -> dict[str, str]:
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": signatures(secrets, "msg_1", stamp, BODY),
    }


def test_the_example_takes_what_we_sign_and_nothing_else(
    verified: Callable[[str, dict[str, str], bytes], bool],
) -> None:
    new, old, now = secret_new(), secret_new(), int(time.time())

    assert verified(new, headers(new, stamp=now), BODY.encode())
    assert verified(old, headers(new, old, stamp=now), BODY.encode())
    assert not verified(old, headers(new, stamp=now), BODY.encode())
    assert not verified(new, headers(new, stamp=now), BODY.encode() + b" ")
    assert not verified(new, headers(new, stamp=now - 3600), BODY.encode())
    assert not verified(new, {**headers(new, stamp=now), "webhook-timestamp": str(now - 1)}, BODY.encode())
    assert not verified(new, {**headers(new, stamp=now), "webhook-id": "msg_2"}, BODY.encode())


def test_every_event_is_documented() -> None:
    assert set(re.findall(r"^\| `([a-z.]+)` \|", TEXT, re.M)) == {*Event.values, PING}
