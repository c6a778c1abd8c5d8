"""Pages of the review, as a client without JavaScript sees them."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.judgments.models import Flag, Verdict
from annotator.pool.models import Evidence, Item, Signature
from annotator.pool.signatures import signatures_write
from annotator.projects.access import Access
from annotator.projects.models import Project, Role
from annotator.queue.models import Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.review.agreement.reports import agreement_measure
from annotator.review.models import Disagreement, Resolution
from annotator.review.overview import overview_of, pace_of
from annotator.review.services import review_sweep
from tests.factories import GAMBLING, GAMES, VIOLENCE, make_batch, make_items, make_judgment, make_member

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def pages(client: Client, lead: Access) -> Client:
    client.force_login(lead.user)
    return client


def page(project: Project, name: str, *args: object) -> str:
    return reverse(f"review:{name}", args=[project.slug, *args])


def filled(pages: Client, address: str, **answer: object) -> dict[str, object]:
    """The lead's form as the page at `address` carries it, with their answer."""
    context = pages.get(address).context
    hidden = {"judgments": context["shown_judgments"], "resolution": context["shown_resolution"]}
    return {"labels": [GAMES], "verdict": "labelled", "reason": "A game without stakes."} | hidden | answer


# Access ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("disagreements", {Role.LEAD, Role.ADMIN}),
        ("flags", {Role.LEAD, Role.ADMIN}),
        ("agreement", {Role.LEAD, Role.SCIENTIST, Role.ADMIN}),
        ("overview", {Role.LEAD, Role.SCIENTIST, Role.ADMIN}),
    ],
)
@pytest.mark.parametrize("role", Role)
def test_only_roles_that_may_look_get_in(
    client: Client, project: Project, role: Role, name: str, roles: set[Role]
) -> None:
    client.force_login(make_member(project, role))

    status = client.get(page(project, name)).status_code

    assert status == (200 if role in roles else 302 if name == "overview" else 403)


def test_annotator_is_sent_to_their_work(client: Client, project: Project) -> None:
    client.force_login(make_member(project))

    answer = client.get(page(project, "overview"))

    assert answer.headers["Location"] == reverse("judgments:label", args=[project.slug])


def test_scientist_sees_no_judgments_of_an_item(client: Client, project: Project, item: Item) -> None:
    client.force_login(make_member(project, Role.SCIENTIST))

    assert client.get(page(project, "item_review", item.pk)).status_code == 403


# Overview --------------------------------------------------------------------------------------------------------


def test_overview_says_what_needs_a_human(
    pages: Client, project: Project, people: list[User], dispute: Callable[[], Disagreement]
) -> None:
    Flag.objects.create(project=project, item=dispute().item, annotator=people[0])

    text = pages.get(page(project, "overview")).content.decode()

    assert "1 disagreement waits for a lead" in text
    assert "1 flag waits for a lead" in text


@pytest.mark.parametrize("role", [Role.LEAD, Role.SCIENTIST, Role.ADMIN])
def test_overview_sends_nobody_where_they_may_not_go(
    client: Client, project: Project, people: list[User], dispute: Callable[[], Disagreement], role: Role
) -> None:
    Flag.objects.create(project=project, item=dispute().item, annotator=people[0])
    project.paused = True
    project.save()
    client.force_login(make_member(project, role))

    answer = client.get(page(project, "overview"))

    assert "1 flag waits for a lead" in answer.content.decode()
    links = set(re.findall(r'href="(/projects/[^"#?]+)"', answer.content.decode()))
    assert links
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_overview_polls_only_its_part(pages: Client, project: Project) -> None:
    text = pages.get(page(project, "overview"), headers=HTMX).content.decode()

    assert "<html" not in text
    assert 'hx-trigger="every 3s"' in text


def test_overview_names_categories_that_nobody_has_seen(
    project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [GAMES])
    make_judgment(item, people[1], [GAMES])
    review_sweep(project)

    needs = [need.text for need in overview_of(project, timezone.now()).needs]

    assert (
        "No resolved page shows Gambling, Violence: no classifier can learn what it has never seen." in needs
    )


def test_overview_costs_few_queries_when_there_is_much_to_say(
    project: Project,
    dispute: Callable[[], Disagreement],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    dispute()
    agreement_measure(project)

    with django_assert_max_num_queries(18):
        overview_of(project, timezone.now())


def test_pace_counts_answers_and_not_undoes(project: Project, item: Item, people: list[User]) -> None:
    undone = make_judgment(item, people[0])
    make_judgment(item, people[0], supersedes=undone, verdict=Verdict.WITHDRAWN)
    make_judgment(item, people[1])
    now = timezone.now()

    pace = pace_of(project, now)

    assert (pace.last_hour, sum(pace.hours), len(pace.hours)) == (2, 2, 24)


# Disagreements ---------------------------------------------------------------------------------------------------


def test_list_shows_what_is_in_dispute(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    disagreement = dispute()

    text = pages.get(page(project, "disagreements")).content.decode()

    assert page(project, "disagreement", disagreement.pk) in text
    assert "Games (1)" in text
    assert disagreement.item.registrable_domain in text


def test_list_is_empty_when_the_category_is_in_no_dispute(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    dispute()

    text = pages.get(page(project, "disagreements"), {"category": VIOLENCE}).content.decode()

    assert "None in this category" in text


def test_disagreement_shows_the_answers_side_by_side(
    pages: Client, project: Project, people: list[User], dispute: Callable[[], Disagreement]
) -> None:
    text = pages.get(page(project, "disagreement", dispute().pk)).content.decode()

    for person in people[:3]:
        assert person.username in text
    assert "None of these" in text
    assert "Judge the page" in text


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("no agreement on gambling, games", "No agreement on Gambling, Games"),
        ("verdicts differ: labelled, not-enough-evidence", "Verdicts differ: Labelled, Not enough evidence"),
        ("a later judgment names violence, which the lead did not", "A later judgment names Violence, which"),
    ],
)
def test_why_it_is_in_dispute_is_said_by_name(
    pages: Client, project: Project, dispute: Callable[[], Disagreement], reason: str, shown: str
) -> None:
    row = dispute()
    Disagreement.objects.update(reason=reason, categories=[])

    assert shown in pages.get(page(project, "disagreement", row.pk)).content.decode()
    listed = pages.get(page(project, "disagreements")).content.decode()
    assert shown[1:] in listed


def test_lead_goes_on_to_the_next_when_one_is_resolved(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    first, second = dispute(), dispute()
    address = page(project, "disagreement", first.pk) + f"?category={GAMES}"

    answer = pages.post(address, filled(pages, address, clause="1.1"))

    assert answer.headers["Location"] == page(project, "disagreement", second.pk) + f"?category={GAMES}"
    resolution = Resolution.objects.get(item=first.item)
    assert (resolution.labels, resolution.reason) == ([GAMES], "A game without stakes.")
    first.refresh_from_db()
    assert first.closed_at is not None


def test_lead_returns_to_the_list_when_the_last_is_resolved(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    address = page(project, "disagreement", dispute().pk)

    answer = pages.post(address, filled(pages, address, labels=[], none="on"), follow=True)

    assert answer.redirect_chain == [(page(project, "disagreements"), 302)]
    assert "Resolved: none of these." in answer.content.decode()
    assert Resolution.objects.get().labels == []


def test_verdict_resolves_without_labels(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    address = page(project, "disagreement", dispute().pk)

    pages.post(address, filled(pages, address, labels=[], verdict="unreachable"))

    assert (Resolution.objects.get().verdict, Resolution.objects.get().labels) == (Verdict.UNREACHABLE, [])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"labels": []}, "Choose categories"),
        ({"none": "on"}, "not both"),
        ({"verdict": "unreachable"}, "goes without categories"),
        ({"reason": ""}, "This field is required"),
        ({"judgments": "1,x"}, "lost track"),
        ({"clause": "9.9"}, "not one of the available choices"),
    ],
)
def test_form_comes_back_when_the_answer_cannot_be(
    pages: Client,
    project: Project,
    dispute: Callable[[], Disagreement],
    wrong: dict[str, object],
    message: str,
) -> None:
    address = page(project, "disagreement", dispute().pk)

    answer = pages.post(address, filled(pages, address, **wrong))

    assert answer.status_code == 422
    assert message in answer.content.decode().replace("&quot;", '"')
    assert not Resolution.objects.exists()


def test_lead_sees_what_changed_and_keeps_their_words_when_somebody_was_faster(
    pages: Client, project: Project, people: list[User], dispute: Callable[[], Disagreement]
) -> None:
    disagreement = dispute()
    address = page(project, "disagreement", disagreement.pk)
    form = filled(pages, address, labels=[GAMBLING], reason="There are stakes.")
    late = make_judgment(disagreement.item, people[3], [GAMBLING])

    refused = pages.post(address, form)
    again = pages.post(address, form | {"judgments": refused.context["shown_judgments"]})

    assert refused.status_code == 409
    text = refused.content.decode()
    assert f"{people[3].username} judged it" in text
    assert "There are stakes." in text
    assert again.status_code == 302
    assert late.pk in Resolution.objects.get(item=disagreement.item).judgments


def test_closed_disagreement_says_so(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    disagreement = dispute()
    Disagreement.objects.update(closed_at=timezone.now())

    text = pages.get(page(project, "disagreement", disagreement.pk)).content.decode()

    assert "This disagreement is closed" in text


def test_patterns_come_by_items_and_severity_and_lead_to_their_items(
    pages: Client, project: Project, people: list[User], dispute: Callable[[], Disagreement]
) -> None:
    games = [dispute(), dispute(), dispute()]
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    for person, labels in zip(people[:3], ([VIOLENCE], [], []), strict=True):
        make_judgment(item, person, labels)
        review_sweep(project)
    violence = Disagreement.objects.get(item=item)

    listed = pages.get(page(project, "disagreements")).context["patterns"]

    by_severity = {line.key: (line.words, line.n_items, line.n_sites) for line, _ in listed}
    assert by_severity == {
        "either:gambling.games": ("Gambling or Games", 3, 3),
        "one:violence": ("Violence: present or absent", 1, 1),
    }
    assert [line.weight for line, _ in listed] == sorted((line.weight for line, _ in listed), reverse=True)
    narrowed = pages.get(page(project, "disagreements"), {"pattern": violence.pattern})
    assert [line.disagreement for line in narrowed.context["lines"]] == [violence]
    assert "patterns" not in narrowed.context
    shown = pages.get(page(project, "disagreement", games[1].pk), {"pattern": games[1].pattern}).context
    assert shown["onward"] == page(project, "disagreement_next") + (
        f"?pattern=either%3Agambling.games&after={games[1].pk}"
    )
    assert f"/{games[0].pk}/?pattern=" in shown["back"]
    assert shown["left"] == 2


def serve(project: Project, score: float | None, strategy: str = "multilabel_uncertainty") -> Item:
    """An item that a classifier chose with this score."""
    (item,) = make_items(project, 1)
    choice = BatchChoice(item.pk, Stream.QUERY, strategy, score, "-", 1, 1, None, 1)
    fingerprint = f"of {item.pk}"
    batch_open(
        project, [choice], fingerprint=fingerprint, reason="due", seed=1, classifier_number=1, pool_size=1
    )
    return item


def test_patterns_say_that_there_is_no_classifier(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    dispute()

    before = pages.get(page(project, "disagreements")).content.decode()
    serve(project, 1.0, "rare_category")
    after = pages.get(page(project, "disagreements")).content.decode()

    assert "No classifier yet (none has chosen a batch)" in before
    assert "it chose none of these pages by it" in after


def test_patterns_on_the_line_come_first_and_unknown_ones_weigh_as_the_mean(
    pages: Client, project: Project, people: list[User]
) -> None:
    answers: dict[str, tuple[list[str], ...]] = {
        "sure": ([GAMES], [], [GAMBLING, GAMES]),
        "close": ([GAMES], [GAMES, GAMBLING, VIOLENCE], [GAMES, GAMBLING]),
        "unknown": ([GAMES], [GAMBLING], []),
    }
    scores = {"sure": -1000.0, "close": 0.0, "unknown": None}
    for name, labels in answers.items():
        item = serve(project, scores[name])
        for person, given in zip(people, labels, strict=False):
            make_judgment(item, person, given)
            review_sweep(project)

    lines = pages.get(page(project, "disagreements")).context["patterns"]

    assert [(line.key, round(line.doubt, 3), line.n_doubted) for line, _ in lines] == [
        ("several:gambling.violence", 1.0, 1),
        ("either:gambling.games", 0.5, 0),
        ("several:gambling.games", 0.0, 1),
    ]


def test_resolving_goes_on_in_the_pattern_and_ends_at_its_empty_list(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    address = page(project, "disagreement", row.pk) + f"?pattern={row.pattern}"

    answer = pages.post(address, filled(pages, address), follow=True)

    assert answer.redirect_chain[0][0] == page(project, "disagreements") + "?pattern=either%3Agambling.games"
    assert "None of this pattern" in answer.content.decode()


def test_a_word_that_is_no_pattern_narrows_nothing(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()

    answer = pages.get(page(project, "disagreements"), {"pattern": "one:\x00"})

    assert [line.disagreement for line in answer.context["lines"]] == [row]


def test_near_duplicates_are_shown_with_what_is_held_of_them(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    first, second, third = dispute(), dispute(), dispute()
    words = " ".join(f"word{n}" for n in range(60))
    for row in (first, second, third):
        Evidence.objects.create(item=row.item, version=2, text=words, content_hash=uuid4())
    Signature.objects.all().delete()
    signatures_write([row.item_id for row in (first, second, third)])
    address = page(project, "disagreement", second.pk)
    pages.post(address, filled(pages, address, reason="The twin is a game."))

    text = pages.get(page(project, "alike", first.item_id), headers=HTMX).content.decode()

    assert "The twin is a game." in text
    assert "100 %" in text
    assert text.count("In dispute too") == 1
    assert "<html" not in text


def test_queries_do_not_grow_with_the_list(
    pages: Client,
    project: Project,
    dispute: Callable[[], Disagreement],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(4):
        dispute()

    with django_assert_max_num_queries(13):
        pages.get(page(project, "disagreements"))


# One item --------------------------------------------------------------------------------------------------------


def test_item_part_shows_judgments_and_every_resolution(
    pages: Client, project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [GAMES])
    make_judgment(item, people[1], [GAMES])
    review_sweep(project)

    text = pages.get(page(project, "item_review", item.pk), headers=HTMX).content.decode()

    assert "<html" not in text
    assert people[0].username in text
    assert "all judgments agree" in text


def test_lead_corrects_what_is_held(pages: Client, project: Project, item: Item, people: list[User]) -> None:
    make_judgment(item, people[0])
    make_judgment(item, people[1])
    review_sweep(project)
    address = page(project, "item_review", item.pk)

    answer = pages.post(address, filled(pages, address))

    assert answer.headers["Location"] == address
    newest = Resolution.objects.get(item=item, superseded_by__isnull=True)
    assert (newest.labels, newest.method) == ([GAMES], "adjudicated")


def test_item_of_another_project_is_not_found(pages: Client, project: Project) -> None:
    assert pages.get(page(project, "item_review", 10**30)).status_code == 404


# Agreement and flags ---------------------------------------------------------------------------------------------


def test_agreement_page_shows_numbers_with_their_interval_or_reason(
    pages: Client, project: Project, people: list[User]
) -> None:
    items = make_items(project, 6)
    make_batch(project, items)
    for number, item in enumerate(items):
        make_judgment(item, people[0], [GAMES] if number % 2 else [])
        make_judgment(item, people[1], [GAMES] if number % 2 else [])
    before = pages.get(page(project, "agreement")).content.decode()
    agreement_measure(project)

    after = pages.get(page(project, "agreement")).content.decode()

    assert "Not measured yet" in before
    assert "1.00" in after
    assert "No variation: all 12 judgments say the same" in after


def test_flag_is_listed_and_closed(pages: Client, project: Project, item: Item, people: list[User]) -> None:
    flag = Flag.objects.create(project=project, item=item, annotator=people[0], note="A live chat.")
    before = pages.get(page(project, "flags")).content.decode()

    pages.post(page(project, "flag_close", flag.pk))

    assert "A live chat." in before
    assert "A live chat." not in pages.get(page(project, "flags")).content.decode()
    flag.refresh_from_db()
    assert flag.closed_at is not None


@pytest.mark.parametrize(
    ("coefficient", "heading"), [("ac1", "Gwet&#x27;s AC1"), ("nonsense", "Krippendorff&#x27;s alpha")]
)
def test_agreement_shows_the_coefficient_when_one_is_chosen(
    pages: Client, project: Project, dispute: Callable[[], Disagreement], coefficient: str, heading: str
) -> None:
    dispute()
    agreement_measure(project)

    text = pages.get(
        page(project, "agreement"), {"coefficient": coefficient, "unsure": "value"}
    ).content.decode()

    assert f'<h2 id="chart-title">{heading}</h2>' in text
    assert f'<th scope="col">{heading}, unsure a value of its own</th>' in text


def test_the_text_in_dispute_starts_covered_when_anybody_said_that_it_is_harmful(
    pages: Client, project: Project, people: list[User], dispute: Callable[[], Disagreement]
) -> None:
    harmless, harmful = dispute(), dispute()
    make_judgment(harmful.item, make_member(project), [VIOLENCE])

    texts = [pages.get(page(project, "disagreement", one.pk)).content.decode() for one in (harmless, harmful)]

    assert ['<details class="shield">' in html for html in texts] == [False, True]
    assert "A page about" not in texts[1].split('<details class="shield">')[0]
