"""Secrets: the published example of Standard Webhooks, and what is stored is not the secret."""

import pytest
from pytest_django import Settings

from annotator.errors import Unavailable
from learner.webhooks.secrets import secret_new, secret_opened, secret_sealed, signatures

# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, and its libraries' tests.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_signature_is_that_of_the_published_example() -> None:
    found = signatures([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}')

    assert found == SIGNATURE


def test_two_valid_secrets_make_two_signatures() -> None:
    first, second = signatures([SECRET, secret_new()], "msg_1", 1, "{}").split()

    assert first == signatures([SECRET], "msg_1", 1, "{}")
    assert second.startswith("v1,")
    assert second != first


def test_a_stored_secret_cannot_be_read_without_the_secret_of_the_installation(settings: Settings) -> None:
    secret = secret_new()
    sealed = secret_sealed(secret)
    assert secret not in sealed
    assert secret_opened(sealed) == secret

    settings.SECRET_KEY = "another"

    with pytest.raises(Unavailable, match="Rotate the secret"):
        secret_opened(sealed)
