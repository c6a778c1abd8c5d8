"""What a lead is shown beside the judgments: what they amount to, whom to trust, pages alike, reasons given before."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgments_current
from annotator.pool.models import Evidence, Item, Signature
from annotator.pool.signatures import signatures_write
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.queue.models import Purpose
from annotator.review.agreement import reports
from annotator.review.agreement.reports import agreement_measure
from annotator.review.checks.gold import gold_add
from annotator.review.desk.alike import alike_of, site_of
from annotator.review.desk.inferring import Inferred, inferred_of
from annotator.review.desk.reasons import reasons_used
from annotator.review.desk.reliability import reliability_of
from annotator.review.models import CategoryInference, Disagreement, Resolution, Skill
from annotator.review.services import Adjudication, BasedOn, resolution_adjudicate, review_sweep
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_personal,
    make_taxonomy,
)

pytestmark = pytest.mark.django_db

Decide = Callable[..., Resolution]


@pytest.fixture
def decide(lead: Access) -> Decide:
    """Resolves an item as a lead."""

    def decided(item: Item, *labels: str, reason: str = "Played for points.", clause: str = "") -> Resolution:
        seen = judgments_current(lead.project).filter(item=item).values_list("pk", flat=True)
        held = Resolution.objects.filter(item=item, superseded_by__isnull=True).first()
        return resolution_adjudicate(
            lead,
            item.pk,
            adjudication=Adjudication(frozenset(labels), Verdict.LABELLED, reason, clause),
            based_on=BasedOn(frozenset(seen), held.pk if held else None),
        )

    return decided


def history(project: Project, people: list[User], n: int = 24) -> None:
    """Pages of which a third are games: the first two people always see it, the third only every other time."""
    items = make_items(project, n)
    make_batch(project, items)
    for number, item in enumerate(items):
        truth = [GAMES] if number % 3 == 0 else []
        for person in people[:2]:
            make_judgment(item, person, truth)
        make_judgment(item, people[2], truth if number % 2 else [])


def inferred(project: Project, item: Item) -> dict[str, Inferred]:
    rows = judgments_current(project).filter(item=item)
    found = inferred_of(project, rows, taxonomy_current(project).categories)
    return {row.category.slug: row for row in found}


# What the judgments amount to ------------------------------------------------------------------------------------


def test_better_people_weigh_more(project: Project, people: list[User]) -> None:
    history(project, people)
    items = make_items(project, 2)
    make_batch(project, items)
    for item, seen_by in zip(items, (people[0], people[2]), strict=True):
        for person in people[:3]:
            make_judgment(item, person, [GAMES] if person == seen_by else [])
    agreement_measure(project)

    by_good, by_poor = (inferred(project, item)[GAMES] for item in items)

    assert (by_good.n_present, by_good.n) == (by_poor.n_present, by_poor.n) == (1, 3)
    assert by_good.probability is not None
    assert by_poor.probability is not None
    good, poor = (Skill.objects.get(category=GAMES, annotator=people[n]).sensitivity for n in (0, 2))
    assert good is not None
    assert poor is not None
    assert poor < good
    assert 0 < by_good.probability < 1


def test_unsure_and_other_verdicts_are_no_answer(project: Project, people: list[User], item: Item) -> None:
    history(project, people)
    agreement_measure(project)
    make_judgment(item, people[0], [], unsure=[GAMES])
    make_judgment(item, people[1], [GAMES])
    make_judgment(item, people[2], verdict=Verdict.UNREACHABLE)

    found = inferred(project, item)[GAMES]

    assert (found.n_present, found.n) == (1, 1)
    assert found.probability is not None
    assert found.probability > 0.5


def test_somebody_new_counts_as_the_team(project: Project, people: list[User], item: Item) -> None:
    history(project, people)
    agreement_measure(project)
    make_judgment(item, people[3], [GAMES])

    found = inferred(project, item)[GAMES]

    whole = CategoryInference.objects.get(project=project, category=GAMES)
    assert not Skill.objects.filter(annotator=people[3]).exists()
    assert found.probability is not None
    assert whole.prevalence is not None
    assert found.probability > whole.prevalence


def test_no_probability_without_skills_and_the_reason(
    project: Project, people: list[User], item: Item
) -> None:
    make_judgment(item, people[0], [GAMES])

    before = inferred(project, item)
    agreement_measure(project)
    after = inferred(project, item)

    assert (before[GAMES].probability, before[GAMES].why) == (None, "skills are not measured yet")
    assert (after[GAMES].probability, after[GAMES].n_present) == (None, 1)
    assert after[GAMES].why == "one annotator only: nobody to compare them with"


def test_category_that_was_not_asked_is_no_answer(project: Project, people: list[User], item: Item) -> None:
    history(project, people)
    make_judgment(item, people[0], [GAMES])
    make_taxonomy(project, [GAMES, "drugs", VIOLENCE])
    agreement_measure(project)

    found = inferred(project, item)

    assert (found["drugs"].n, found["drugs"].probability) == (0, None)
    assert found[GAMES].n == 1


def test_skills_are_replaced_by_the_next_measurement(
    project: Project, people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    history(project, people, n=3)
    agreement_measure(project)
    first = CategoryInference.objects.get(project=project, category=GAMES)
    history(project, people, n=6)
    monkeypatch.setattr(reports, "EVERY", timedelta(0))
    latest = Judgment.objects.latest("pk").pk

    agreement_measure(project)

    now = CategoryInference.objects.get(project=project, category=GAMES)
    assert (first.report.last_judgment < latest, now.report.last_judgment) == (True, latest)
    assert now.n_items == first.n_items + 6


# Whom to trust ---------------------------------------------------------------------------------------------------


def test_reliability_counts_gold_and_what_leads_decided(
    project: Project, people: list[User], lead: Access, decide: Decide
) -> None:
    items = make_items(project, 8)
    make_batch(project, items)
    for number, item in enumerate(items):
        make_judgment(item, people[0], [GAMES])
        make_judgment(item, people[1], [GAMES] if number < 2 else [GAMBLING])
        decide(item, GAMES)
    gold_add(lead, items[7].pk, "It is a game.")
    make_personal(items[7], people[3], Purpose.GOLD)
    make_judgment(items[7], people[3], [GAMES], purpose=Purpose.GOLD)
    games = [row for row in taxonomy_current(project).categories if row.slug == GAMES]

    found = reliability_of(project, [person.pk for person in people], games, but=items[0].pk)

    (sure,), (poor,), (nobody,), (gold,) = (found[person.pk] for person in people)
    assert (sure.leads.tally.right, sure.leads.tally.n, sure.leads.percent) == (7, 7, 100)
    assert (poor.leads.tally.right, poor.leads.tally.n) == (1, 7)
    assert not nobody.is_enough
    assert (gold.gold.tally.n, gold.is_enough, gold.n) == (1, False, 1)


def test_page_shows_what_is_known_and_when_it_is_too_little(
    client: Client, people: list[User], lead: Access, decide: Decide, dispute: Callable[[], Disagreement]
) -> None:
    project = lead.project
    items = make_items(project, 5)
    make_batch(project, items)
    for item in items:
        make_judgment(item, people[0], [GAMES])
        decide(item, GAMES)
    row = dispute()
    agreement_measure(project)
    client.force_login(lead.user)

    text = client.get(reverse("review:disagreement", args=[project.slug, row.pk])).content.decode()

    assert "as leads <strong>100 %</strong>" in text
    assert "n=5" in text
    assert "too few to say, n=0" in text
    assert "What the judgments amount to" in text
    assert "present, 1 of 3 say so" in text
    assert 'data-cite="1.1"' in text
    assert "Reasons given before (1)" in text
    assert 'data-reason="Played for points."' in text


def test_page_costs_the_same_whatever_was_decided_before(
    client: Client,
    lead: Access,
    decide: Decide,
    dispute: Callable[[], Disagreement],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(4):
        decide(dispute().item, GAMES)
    row = dispute()
    client.force_login(lead.user)

    with django_assert_max_num_queries(34):
        client.get(reverse("review:disagreement", args=[lead.project.slug, row.pk]))


# Pages alike -----------------------------------------------------------------------------------------------------


def retext(item: Item, text: str) -> None:
    Evidence.objects.create(item=item, version=2, text=text, content_hash=uuid4())
    Signature.objects.filter(pk=item.pk).delete()
    signatures_write([item.pk])


def test_similar_resolved_pages_come_after_near_duplicates(
    project: Project, people: list[User], decide: Decide
) -> None:
    items = make_items(project, 4)
    make_batch(project, items)
    words = [f"word{n}" for n in range(90)]
    texts = [words, words, words[:60] + [f"other{n}" for n in range(15)], words[:62] + ["end"] * 12]
    for item, text in zip(items, texts, strict=True):
        retext(item, " ".join(text))
        make_judgment(item, people[0], [GAMES])
    decide(items[2], GAMES)

    lines = alike_of(project, items[0].pk, taxonomy_current(project)).lines

    assert [(line.near.item, line.is_near, bool(line.resolution)) for line in lines] == [
        (items[1], True, False),
        (items[2], False, True),
    ]


def test_resolved_pages_of_the_site_are_counted_the_nearest_address_first(
    project: Project, people: list[User], decide: Decide
) -> None:
    site: dict[str, Any] = {"registrable_domain": "shop.example", "host": "shop.example"}
    paths = ["games/chess/1", "games/chess/2", "casino/1", "casino/2", "help"]
    items = [make_items(project, 1, url=f"https://shop.example/{path}", **site)[0] for path in paths]
    (elsewhere,) = make_items(project, 1)
    make_batch(project, [*items, elsewhere])
    for item in (*items, elsewhere):
        make_judgment(item, people[0], [GAMES])
    for item, label in zip(items[1:4], (GAMES, GAMBLING, GAMBLING), strict=True):
        decide(item, label)
    decide(elsewhere, GAMES)

    found = site_of(project, items[0].pk, taxonomy_current(project))

    assert (found.domain, found.n, found.is_all) == ("shop.example", 3, True)
    assert found.answers == (("Gambling", 2), ("Games", 1))
    assert found.lines[0].resolution.item == items[1]


def test_withheld_pages_are_in_no_list(project: Project, people: list[User], decide: Decide) -> None:
    site: dict[str, Any] = {"registrable_domain": "shop.example", "host": "shop.example"}
    one, other = make_items(project, 2, **site)
    make_batch(project, [one, other])
    for item in (one, other):
        make_judgment(item, people[0], [GAMES])
    decide(other, GAMES, reason="It quotes the page.")
    Item.objects.filter(pk=other.pk).update(withheld=True)
    taxonomy = taxonomy_current(project)

    assert site_of(project, one.pk, taxonomy).n == 0
    assert reasons_used(project, frozenset({GAMES}), taxonomy, guideline_current(project)) == []


# Reasons ---------------------------------------------------------------------------------------------------------


def test_reasons_of_the_category_come_most_used_first(
    project: Project, people: list[User], decide: Decide
) -> None:
    items = make_items(project, 5)
    make_batch(project, items)
    for item in items:
        make_judgment(item, people[0], [GAMES])
    decide(items[0], GAMES, reason="Played for points.", clause="1.1")
    decide(items[1], GAMES, GAMBLING, reason="Points can be sold.")
    decide(items[2], GAMES, reason="Played for points.", clause="1.1")
    decide(items[3], VIOLENCE, reason="It shows blood.")
    review_sweep(project)

    found = reasons_used(project, frozenset({GAMES}), taxonomy_current(project), guideline_current(project))

    assert [(row.text, row.answer, row.clause, row.n) for row in found] == [
        ("Played for points.", "Games", "1.1", 2),
        ("Points can be sold.", "Gambling, Games", "", 1),
    ]
