"""docker-compose.yml, read as a file: nothing here needs an engine."""

import re
from typing import Any

import pytest
import yaml
from celery import Task
from django.conf import settings

from annotator.celery import app
from annotator.runtime.embedded import REPOSITORY
from annotator.runtime.stack import WORKERS
from learner.tick import tick
from learner.training.tasks import drive, train
from tests.project.test_settings_documented import documented

TEXT = (REPOSITORY / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
WORKER_SERVICES = [f"worker-{name}" for name in WORKERS]
OURS = ["web", *WORKER_SERVICES, "beat", "migrate"]
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN")


def test_compose_has_every_part() -> None:
    assert sorted(SERVICES) == sorted([*OURS, "database", "redis"])


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_service_that_stays_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", ["web", *WORKER_SERVICES, "beat"])
def test_application_starts_when_database_is_migrated_and_both_services_are_healthy(name: str) -> None:
    assert SERVICES[name]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"},
        "database": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
    }


@pytest.mark.parametrize("name", list(WORKERS))
def test_each_worker_takes_from_the_queues_that_it_has_without_compose(name: str) -> None:
    queues, processes = WORKERS[name]
    assert f"-Q {queues} -n {name}@%h --concurrency {processes} " in SERVICES[f"worker-{name}"]["command"]


def test_each_queue_that_a_task_is_sent_to_has_a_worker() -> None:
    routes = [route["queue"] for route in settings.CELERY_TASK_ROUTES.values()]

    taken = {queue for queues, _ in WORKERS.values() for queue in queues.split(",")}
    assert {settings.CELERY_TASK_DEFAULT_QUEUE, *routes} == taken


@pytest.mark.parametrize(("task", "queue"), [(train, "training"), (drive, "bulk"), (tick, "interactive")])
def test_a_fit_waits_for_nothing_that_is_no_fit(task: "Task[..., None]", queue: str) -> None:
    assert app.amqp.router.route({}, task.name)["queue"].name == queue


@pytest.mark.parametrize("name", list(SERVICES))
def test_secret_comes_from_the_environment_and_has_no_default(name: str) -> None:
    secrets = {
        key: value for key, value in SERVICES[name].get("environment", {}).items() if SECRET.search(key)
    }

    assert all(re.fullmatch(r"\$\{\w+:\?[^}]+\}", value) for value in secrets.values())
    assert not re.search(r"://[^:/@\s]+:(?!\$\{\w+:\?)[^/\s]*@", str(SERVICES[name].get("environment", {})))


def test_each_variable_is_documented() -> None:
    assert set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT)) - documented().keys() == set()


def test_data_lies_on_named_volumes() -> None:
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]}

    assert mounted == COMPOSE["volumes"].keys()


def test_only_the_web_server_is_published_and_only_to_this_machine() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["web"]["ports"])


def test_image_does_not_run_as_root_and_holds_no_secret() -> None:
    lines = (REPOSITORY / "Dockerfile").read_text().splitlines()

    assert [line for line in lines if line.startswith("USER ")] == ["USER crossguard"]
    assert [line for line in lines if line.startswith(("ENV", "ARG")) and SECRET.search(line)] == []


def test_image_gets_all_that_the_application_reads_and_nothing_of_a_developer() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (REPOSITORY / "Dockerfile").read_text(), re.M)

    assert ignored[0] == "*"
    assert {f"!{name}" for line in copied for name in line.split()} == {
        line for line in ignored if line[0] == "!"
    }
