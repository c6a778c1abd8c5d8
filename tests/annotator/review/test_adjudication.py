"""A lead decides: what is held then, what is refused, and what may question it later."""

import pytest
from django.db import IntegrityError, transaction

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, NotFound
from annotator.judgments.models import ReviewDue, Verdict
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from annotator.review.models import Method, Resolution
from annotator.review.selectors import disagreements_open, resolutions_current
from annotator.review.services import Adjudication, BasedOn, Swept, resolution_adjudicate, review_sweep
from tests.annotator.review.resolving import GAMES_IT_IS, held, judge_apart, seen
from tests.factories import GAMES, VIOLENCE, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


def test_lead_resolves_when_people_stay_apart(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    judgments = judge_apart(item, people)

    resolution = resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=seen(item))

    assert held(item) == resolution
    assert (resolution.labels, resolution.method) == ([GAMES], Method.ADJUDICATED)
    assert (resolution.resolved_by, resolution.clause.number) == (lead.user, "1.1")  # type: ignore[union-attr]
    assert resolution.judgments == [judgment.pk for judgment in judgments]
    assert not disagreements_open(project).exists()


def test_lead_corrects_when_the_rule_resolved(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0])
    make_judgment(item, people[1])
    review_sweep(project)
    by_rule = held(item)

    resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=seen(item))

    assert held(item).supersedes == by_rule
    assert resolutions_current(project).get().labels == [GAMES]


def test_sweep_keeps_the_leads_decision_when_it_reads_the_item_again(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    judge_apart(item, people)
    resolution = resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=seen(item))
    ReviewDue.objects.create(project=project, item=item)

    assert review_sweep(project) == Swept()
    assert held(item) == resolution


def test_lead_is_asked_again_when_a_later_judgment_names_the_gravest_category(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    judge_apart(item, people)
    resolution = resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=seen(item))
    make_judgment(item, people[3], [VIOLENCE])

    swept = review_sweep(project)

    assert swept == Swept(disagreements=1)
    asked = disagreements_open(project).get()
    assert (asked.categories, asked.pattern) == ([VIOLENCE], f"lead:{VIOLENCE}")
    assert held(item) == resolution


def test_adjudication_is_refused_when_a_judgment_came_in_meanwhile(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    judge_apart(item, people)
    before = seen(item)
    late = make_judgment(item, people[3], [VIOLENCE])

    with pytest.raises(Conflict, match=f"{people[3].username} judged it") as refusal:
        resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=before)

    assert late.pk in refusal.value.details["judgments"]  # type: ignore[operator]
    assert disagreements_open(project).exists()
    assert not Resolution.objects.exists()


def test_adjudication_is_refused_when_another_lead_was_faster(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    judge_apart(item, people)
    before = seen(item)
    other = project_for(make_member(project, Role.LEAD, "second-lead"), project.slug, Can.RESOLVE)
    first = resolution_adjudicate(other, item.pk, adjudication=GAMES_IT_IS, based_on=before)

    with pytest.raises(Conflict, match="second-lead wrote: decided by a lead"):
        resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=before)

    assert held(item) == first


def test_adjudication_is_refused_when_a_judgment_was_undone_meanwhile(
    lead: Access, item: Item, people: list[User]
) -> None:
    judgments = judge_apart(item, people)
    before = seen(item)
    make_judgment(item, people[2], supersedes=judgments[2], verdict=Verdict.WITHDRAWN)

    with pytest.raises(Conflict, match="1 judgment was changed or withdrawn"):
        resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=before)


@pytest.mark.parametrize(
    ("adjudication", "message"),
    [
        (Adjudication(frozenset({GAMES}), Verdict.LABELLED, "  "), "Say why"),
        (Adjudication(frozenset({GAMES}), Verdict.LABELLED, "x" * 1001), "1001 characters"),
        (Adjudication(frozenset({"cats"}), Verdict.LABELLED, "why"), 'no category "cats"'),
        (Adjudication(frozenset({GAMES}), Verdict.UNREACHABLE, "why"), "goes without labels"),
        (Adjudication(frozenset(), Verdict.WITHDRAWN, "why"), "cannot withdraw"),
        (Adjudication(frozenset(), Verdict.LABELLED, "why", "9.9"), 'no clause "9.9"'),
    ],
)
def test_adjudication_is_refused_when_the_answer_cannot_be(
    lead: Access, item: Item, people: list[User], adjudication: Adjudication, message: str
) -> None:
    judge_apart(item, people)

    with pytest.raises(BadInput, match=message):
        resolution_adjudicate(lead, item.pk, adjudication=adjudication, based_on=seen(item))

    assert not Resolution.objects.exists()


def test_adjudication_is_refused_when_nobody_has_judged(lead: Access, item: Item) -> None:
    with pytest.raises(BadInput, match="Nobody has judged"):
        resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=seen(item))


def test_adjudication_finds_nothing_when_the_item_is_of_another_project(lead: Access) -> None:
    (foreign,) = make_items(make_project(), 1)

    with pytest.raises(NotFound):
        resolution_adjudicate(lead, foreign.pk, adjudication=GAMES_IT_IS, based_on=BasedOn(frozenset(), None))


def test_database_refuses_when_two_resolutions_supersede_the_same(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    judge_apart(item, people)
    first = resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=seen(item))
    columns = {
        "project": project,
        "item": item,
        "method": Method.ADJUDICATED,
        "resolved_by": lead.user,
        "taxonomy": first.taxonomy,
        "supersedes": first,
    }
    Resolution.objects.create(**columns)

    with pytest.raises(IntegrityError, match="supersedes"), transaction.atomic():
        Resolution.objects.create(**columns)
