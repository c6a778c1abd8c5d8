"""Suggestions of a language model, against a real HTTP server: what is sent, what is kept, and what it changes."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from annotator.judgments.models import Judgment
from annotator.pool.models import Item, Split
from annotator.projects.access import Can, project_for
from annotator.projects.models import Project, Role
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import BatchItem
from annotator.review.models import Resolution
from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.models import Suggestion, SuggestionRun, SuggestionSwitch
from learner.query.services import feature_run_start, query_run_start
from learner.query.suggesting import suggestion_run_execute
from learner.query.suggestions import (
    EVERY,
    suggested_of,
    suggestion_category,
    suggestion_run_start,
    suggestions_state,
    suggestions_switch,
)
from learner.tick import project_tick
from tests.factories import GAMBLING, GAMES, VIOLENCE, make_items, make_member, make_project

pytestmark = pytest.mark.django_db

HALF = json.dumps({"score": 0.5})


@dataclass
class Endpoint:
    """A small chat endpoint: what it was sent, and how it answers."""

    url: str = ""
    status: int = 200
    seen: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    reply: Callable[[dict[str, Any]], object] = lambda _: HALF
    raw: bytes | None = None

    def pages(self) -> list[dict[str, str]]:
        """The pages it was asked about."""
        return [json.loads(body["messages"][1]["content"])["page"] for body in self.seen]


@pytest.fixture
def endpoint(settings: Any) -> Iterator[Endpoint]:
    found = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.seen.append(body)
            found.keys.append(self.headers["Authorization"])
            found.paths.append(self.path)
            page = json.loads(body["messages"][1]["content"])["page"]
            answer = {"choices": [{"message": {"content": found.reply(page)}}]}
            content = found.raw if found.raw is not None else json.dumps(answer).encode()
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/v1"
    settings.LLM_URL, settings.LLM_KEY, settings.LLM_MODEL = found.url, "secret", "small-1"
    settings.LLM_ITEMS_A_RUN, settings.LLM_REQUESTS_A_DAY = 4, 100
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def project() -> Project:
    project = make_project("pilot", batch_size=10, holdout_percent=0, shares={"query": 1.0})
    make_items(project, 8, topic="games chess")
    make_items(project, 8, topic="weather")
    feature_run_execute(feature_run_start(project).pk)
    return project


def switch(project: Project, *, on: bool = True) -> None:
    admin = make_member(project, Role.ADMIN, f"admin{SuggestionSwitch.objects.count()}")
    suggestions_switch(project_for(admin, "pilot", Can.CONFIGURE), on=on)


def ask(project: Project, category: str = GAMES) -> SuggestionRun:
    run = suggestion_run_start(project, category, None)
    suggestion_run_execute(run.pk)
    run.refresh_from_db()
    return run


def test_the_likeliest_pages_are_asked_about_and_the_scores_kept(
    project: Project, endpoint: Endpoint
) -> None:
    switch(project)

    run = ask(project)

    assert (run.status, run.stage, run.n_requests, run.n_dropped, run.n_failed) == ("done", "done", 4, 0, 0)
    kept = Suggestion.objects.filter(run=run)
    assert {(row.category, row.score, row.language_model, row.prompt) for row in kept} == {
        (GAMES, 0.5, "small-1", "category-1")
    }
    assert len(kept) == 4
    assert set(endpoint.paths) == {"/v1/chat/completions"}
    assert set(endpoint.keys) == {"Bearer secret"}
    assert all(page["address"].startswith("hxxp") and "[.]" in page["address"] for page in endpoint.pages())
    assert all("chess" in page["title"] + page["text"] + page["address"] for page in endpoint.pages())
    assert not Judgment.objects.exists()
    assert not Resolution.objects.exists()


def test_nothing_is_sent_when_it_is_not_switched_on_or_not_configured(
    project: Project, endpoint: Endpoint, settings: Any
) -> None:
    off = ask(project)
    switch(project)
    switch(project, on=False)
    off_again = ask(project)
    switch(project)
    settings.LLM_MODEL = ""
    unconfigured = ask(project)

    assert {run.stage for run in (off, off_again, unconfigured)} == {"switched off"}
    assert endpoint.seen == []
    assert suggestion_category(project, taxonomy_current(project), {}, timezone.now()) is None


def test_withheld_holdout_and_grave_pages_are_never_sent(project: Project, endpoint: Endpoint) -> None:
    switch(project)
    Item.objects.filter(project=project).update(pooled=False)
    withheld, known, mixed = (
        make_items(project, 1, topic=topic)[0] for topic in ("games chess",) * 2 + ("violence",)
    )
    (held_out,) = make_items(project, 1, topic="games chess", split=Split.HOLDOUT)
    (fine,) = make_items(project, 1, topic="games chess")
    feature_run_execute(feature_run_start(project).pk)
    Item.objects.filter(pk=withheld.pk).update(withheld=True, url=f"withheld:{withheld.pk}")
    Item.objects.filter(pk=known.pk).update(known_labels=[VIOLENCE])

    run = ask(project)
    grave = ask(project, VIOLENCE)

    assert list(Suggestion.objects.values_list("item_id", flat=True)) == [fine.pk]
    assert run.n_requests == len(endpoint.seen) == 1
    assert (grave.stage, grave.n_requests) == ("switched off", 0)
    assert not {held_out.pk, mixed.pk} & set(Suggestion.objects.values_list("item_id", flat=True))


def test_replies_that_are_no_score_are_dropped_and_counted(project: Project, endpoint: Endpoint) -> None:
    switch(project)
    replies = iter(['{"score": 1, "label": "games"}', "Ignore all. 1", None, HALF])
    endpoint.reply = lambda _: next(replies)

    run = ask(project)

    assert (run.n_requests, run.n_dropped, run.n_failed) == (4, 3, 0)
    assert Suggestion.objects.filter(run=run).count() == 1


@pytest.mark.parametrize("raw", [b"no json", b"[]", b"x" * 100_000])
def test_answers_that_are_no_chat_are_dropped(project: Project, endpoint: Endpoint, raw: bytes) -> None:
    switch(project)
    endpoint.raw = raw

    run = ask(project)

    assert (run.status, run.n_requests, run.n_dropped) == ("done", 4, 4)


@pytest.mark.parametrize("status", [302, 429, 500])
def test_the_first_failure_ends_the_run_and_nothing_else(
    project: Project, endpoint: Endpoint, status: int
) -> None:
    switch(project)
    endpoint.status = status

    run = ask(project)
    query_run_execute(query_run_start(project, "asked", None).pk)

    assert (run.status, run.stage, run.n_requests, run.n_failed) == ("done", f"stopped: HTTP {status}", 1, 1)
    assert BatchItem.objects.count() == 10


def test_a_dead_endpoint_ends_the_run(project: Project, endpoint: Endpoint, settings: Any) -> None:
    switch(project)
    settings.LLM_URL = "http://127.0.0.1:9/v1"

    run = ask(project)

    assert (run.status, run.stage, run.n_failed) == ("done", "stopped: ConnectError", 1)


def test_a_day_has_no_more_requests_than_its_bound_over_all_projects(
    project: Project, endpoint: Endpoint, settings: Any
) -> None:
    settings.LLM_REQUESTS_A_DAY = 3
    switch(project)

    first, second = ask(project), ask(project, GAMBLING)

    assert (first.n_requests, first.stage) == (3, "as many requests as a day may have")
    assert (second.n_requests, len(endpoint.seen)) == (0, 3)


def test_nobody_is_asked_twice_about_the_same_page(project: Project, endpoint: Endpoint) -> None:
    switch(project)

    for _ in range(3):
        ask(project)

    asked = [page["address"] for page in endpoint.pages()]
    assert len(asked) == len(set(asked)) == 8


def test_likely_pages_are_served_first_and_the_ledger_says_who_suggested_them(
    project: Project, endpoint: Endpoint, settings: Any
) -> None:
    settings.LLM_ITEMS_A_RUN = 8
    switch(project)
    scores = iter([0.1] * 7 + [0.9])  # only the page that is least alike is held likely
    endpoint.reply = lambda _: json.dumps({"score": next(scores)})
    ask(project)
    likely = Suggestion.objects.get(score=0.9)
    Project.objects.filter(pk=project.pk).update(batch_size=4, shares={"rare": 1.0})
    project.refresh_from_db()

    query_run_execute(query_run_start(project, "asked", None).pk)

    served = BatchItem.objects.get(item=likely.item)
    assert (
        served.reason
        == f"resembles the definition of {GAMES}, which is not learned yet; suggested by small-1"
    )
    assert BatchItem.objects.filter(reason__contains="suggested by").count() == 1


def test_what_was_suggested_is_not_looked_at_while_it_is_switched_off(
    project: Project, endpoint: Endpoint
) -> None:
    switch(project)
    run = ask(project)
    items = list(Suggestion.objects.filter(run=run).values_list("item_id", flat=True))

    before = suggested_of(project, items)
    switch(project, on=False)

    assert len(before) == 4
    assert suggested_of(project, items) == {}


def test_suggestions_are_append_only_and_once(project: Project, endpoint: Endpoint) -> None:
    switch(project)
    ask(project)
    row = Suggestion.objects.latest("pk")

    for change in (lambda: Suggestion.objects.update(score=1), Suggestion.objects.all().delete):
        with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
            change()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_the_category_that_was_asked_about_longest_ago_is_next(project: Project, endpoint: Endpoint) -> None:
    switch(project)
    taxonomy, now = taxonomy_current(project), timezone.now()

    first = suggestion_category(project, taxonomy, {}, now)
    assert first is not None
    ask(project, first)

    assert suggestion_category(project, taxonomy, {}, now) is None
    later = suggestion_category(project, taxonomy, {}, now + EVERY + timedelta(minutes=1))
    assert later not in {None, first, VIOLENCE}
    assert suggestion_category(project, taxonomy, dict.fromkeys(taxonomy.slugs, 20), now + 2 * EVERY) is None


def test_the_tick_starts_a_run_when_it_is_on(project: Project, endpoint: Endpoint) -> None:
    project_tick(project, timezone.now())
    assert not SuggestionRun.objects.exists()
    switch(project)

    project_tick(project, timezone.now())

    assert SuggestionRun.objects.get().status == "pending"


def test_the_state_says_nothing_when_nothing_is_configured(project: Project, settings: Any) -> None:
    assert suggestions_state(project) is None
    settings.LLM_URL, settings.LLM_MODEL = "https://llm.example/v1", "small-1"

    state = suggestions_state(project)

    assert state is not None
    assert (state.host, state.language_model, state.is_on, state.runs) == (
        "llm.example",
        "small-1",
        False,
        (),
    )


def test_an_admin_switches_it_on_and_off_on_the_page(
    client: Client, project: Project, endpoint: Endpoint
) -> None:
    client.force_login(make_member(project, Role.ADMIN, "ada"))

    page = client.get("/projects/pilot/learner/settings/")
    client.post("/projects/pilot/learner/suggestions/", {"on": "1"})
    client.post("/projects/pilot/learner/suggestions/", {"on": "1"})
    on = client.get("/projects/pilot/learner/settings/")
    client.post("/projects/pilot/learner/suggestions/", {"on": "0"})

    assert "Data leaves the house." in page.content.decode()
    assert "Switch on: send pages to 127.0.0.1" in page.content.decode()
    assert "Switched on by ada" in on.content.decode()
    assert "secret" not in on.content.decode()
    assert list(SuggestionSwitch.objects.order_by("pk").values_list("on", "set_by__username")) == [
        (True, "ada"),
        (False, "ada"),
    ]


def test_anything_but_on_or_off_is_refused(client: Client, project: Project, endpoint: Endpoint) -> None:
    client.force_login(make_member(project, Role.ADMIN, "ada"))

    answer = client.post("/projects/pilot/learner/suggestions/", {"on": "perhaps"})

    assert answer.status_code == 400
    assert "Send on=1 to switch suggestions on" in answer.content.decode()
    assert not SuggestionSwitch.objects.exists()


def test_the_page_says_nothing_when_no_endpoint_is_configured(client: Client, project: Project) -> None:
    client.force_login(make_member(project, Role.ADMIN, "ada"))

    assert "language model" not in client.get("/projects/pilot/learner/settings/").content.decode()
