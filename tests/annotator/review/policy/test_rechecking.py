"""After a change of the policy: what it touched, what is looked at again, and when that settles what is held."""

from uuid import uuid4

import pytest
from django.test import Client

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, NotFound
from annotator.judgments.answers import Answer
from annotator.judgments.models import Judgment, ReviewDue
from annotator.judgments.services import judgment_submit
from annotator.pool.models import Item, Split
from annotator.projects.access import Access, Can, project_for
from annotator.projects.blueprint import ClauseDraft
from annotator.projects.mapping import Kind
from annotator.projects.models import Clause, Project, Role, TaxonomyVersion
from annotator.projects.operations import Operation
from annotator.projects.services import guideline_publish
from annotator.queue.models import BatchItem, Recheck
from annotator.queue.places import assignment_claim
from annotator.review.models import Disagreement, Method, Resolution
from annotator.review.policy.affected import groups_of
from annotator.review.policy.rechecking import chosen_of, recheck_cancel, recheck_chosen
from annotator.review.selectors import resolutions_current
from annotator.review.services import review_sweep
from learner.evaluation.selectors import audited_resolutions
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    category_draft,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    merge_into,
    publish_operations,
    split_into,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project("pilot", gold_share=0, gold_share_new=0, retest_share=0)


@pytest.fixture
def guide(project: Project) -> Access:
    return project_for(make_member(project, Role.LEAD, "lee"), "pilot", Can.GUIDE)


@pytest.fixture
def people(project: Project) -> list[User]:
    return [make_member(project, username=name) for name in ("ann", "bo")]


@pytest.fixture
def items(project: Project, people: list[User]) -> list[Item]:
    """Three pages, judged by both and swept: games, gambling, none of these."""
    items = make_items(project, 3)
    make_batch(project, items)
    for item, labels in zip(items, ([GAMES], [GAMBLING], []), strict=True):
        for person in people:
            make_judgment(item, person, labels)
    review_sweep(project)
    return items


def split(project: Project) -> TaxonomyVersion:
    return publish_operations(project, split_into(GAMES, "board", "video"))


def look_again(guide: Access, *keys: str, taxonomy: int | None = 2, guideline: int | None = None) -> Recheck:
    return recheck_chosen(guide, keys, taxonomy=taxonomy, guideline=guideline, reason="Split")


def answer(project: Project, person: User, *labels: str) -> Judgment:
    place = assignment_claim(project, person)
    assert place is not None
    given = Answer(client_id=uuid4(), labels=labels, seconds=9.0)
    return judgment_submit(project_for(person, project.slug, Can.LABEL), place.pk, given).judgment


def held(item: Item) -> Resolution:
    return resolutions_current(item.project).get(item=item)


def touched(project: Project, taxonomy: int | None = 2, guideline: int | None = None) -> dict[str, set[int]]:
    groups = groups_of(project, taxonomy=taxonomy, guideline=guideline)
    return {group.key: group.rows.item_ids(100) for group in groups}


def test_a_change_touches_what_names_the_category_as_it_was(project: Project, items: list[Item]) -> None:
    publish_operations(
        project,
        split_into(GAMES, "board", "video"),
        Operation(Kind.CHANGE, (GAMBLING,), (category_draft(GAMBLING, key="2", severity=2),)),
        Operation(Kind.ADD, (), (category_draft("chat"),)),
        Operation(Kind.RETIRE, (VIOLENCE,), ()),
    )

    assert touched(project) == {
        f"category/{GAMES}": {items[0].pk},
        f"category/{GAMBLING}": {items[1].pk},
        "category/chat": {item.pk for item in items},
    }


def test_a_later_change_touches_what_was_said_before_an_earlier_one(
    project: Project, items: list[Item]
) -> None:
    publish_operations(project, merge_into("play", GAMES, GAMBLING))
    publish_operations(project, split_into("play", "fun", "stakes"))

    assert touched(project, taxonomy=3) == {"category/play": {items[0].pk, items[1].pk}}


def test_a_changed_clause_touches_what_cites_it(
    project: Project, items: list[Item], people: list[User]
) -> None:
    clause = Clause.objects.get(guideline__project=project)
    first = Judgment.objects.filter(item=items[1], annotator=people[0]).get()
    make_judgment(items[1], people[0], [GAMBLING], supersedes=first, clause=clause)
    guideline_publish(
        project, [ClauseDraft("1.1", "", "Judge the page", "Only what it shows.")], by=project.created_by
    )

    assert touched(project, taxonomy=None, guideline=2) == {"clause/1.1": {items[1].pk}}


def test_a_recheck_is_of_exactly_what_was_chosen_and_counted_before(
    project: Project, items: list[Item], guide: Access
) -> None:
    split(project)
    groups = groups_of(project, taxonomy=2, guideline=None)
    chosen = chosen_of(project, groups, [f"category/{GAMES}"])

    recheck = look_again(guide, f"category/{GAMES}")

    assert (chosen.n_items, chosen.n_places, chosen.n_timed) == (1, 2, 2)
    assert chosen.hours == pytest.approx(4.0 * 2 / 3600)
    assert list(BatchItem.objects.filter(batch=recheck.batch).values_list("item", flat=True)) == [items[0].pk]
    assert touched(project) == {f"category/{GAMES}": set()}  # it is not offered again
    with pytest.raises(BadInput, match="Choose what"):
        look_again(guide)
    with pytest.raises(BadInput, match="is no change of these versions"):
        look_again(guide, "category/nope")
    with pytest.raises(NotFound, match="no taxonomy version 9"):
        look_again(guide, "x", taxonomy=9)


def test_what_is_held_stays_until_the_recheck_settles_it(
    project: Project, items: list[Item], people: list[User], guide: Access
) -> None:
    before, version = held(items[0]), split(project)
    look_again(guide, f"category/{GAMES}")

    answer(project, people[0], "video")
    review_sweep(project)
    assert held(items[0]) == before
    second = answer(project, people[1], "video")
    review_sweep(project)

    now = held(items[0])
    assert (now.labels, now.taxonomy, now.supersedes) == (["video"], version, before)
    assert (now.method, second.pk in now.judgments, len(now.judgments)) == (Method.UNANIMOUS, True, 2)


def test_answers_of_the_recheck_alone_decide(
    project: Project, items: list[Item], people: list[User], guide: Access
) -> None:
    split(project)
    look_again(guide, f"category/{GAMES}")
    others = [make_member(project), people[0]]
    for person in others:
        answer(project, person, "board")

    review_sweep(project)

    assert held(items[0]).labels == ["board"]  # what bo said before the recheck is no third answer
    assert not Disagreement.objects.filter(item=items[0], closed_at=None).exists()


def test_a_recheck_on_which_people_differ_asks_a_third_and_then_a_lead(
    project: Project, items: list[Item], people: list[User], guide: Access
) -> None:
    before = held(items[0])
    split(project)
    look_again(guide, f"category/{GAMES}")
    for person, labels in zip(people, (["board"], ["video"]), strict=True):
        answer(project, person, *labels)

    assert review_sweep(project).places_added == 1
    answer(project, make_member(project), "board", "video")
    assert review_sweep(project).disagreements == 1

    assert held(items[0]) == before


def test_what_a_lead_decided_before_is_settled_by_the_recheck_that_a_lead_asked_for(
    project: Project, items: list[Item], people: list[User], guide: Access
) -> None:
    automatic = held(items[0])
    decided = Resolution.objects.create(
        project=project,
        item=items[0],
        labels=[GAMES],
        method=Method.ADJUDICATED,
        resolved_by=guide.user,
        taxonomy=automatic.taxonomy,
        judgments=automatic.judgments,
        supersedes=automatic,
    )
    split(project)
    look_again(guide, f"category/{GAMES}")

    for person in people:
        answer(project, person)
    review_sweep(project)

    assert (held(items[0]).labels, held(items[0]).supersedes) == ([], decided)


def test_a_cancelled_recheck_leaves_its_answers_beside_those_from_before(
    project: Project, items: list[Item], people: list[User], guide: Access
) -> None:
    before = held(items[0])
    split(project)
    recheck = look_again(guide, f"category/{GAMES}")
    answer(project, people[0], "video")
    review_sweep(project)

    recheck_cancel(guide, recheck.batch.number)

    assert ReviewDue.objects.filter(item=items[0]).exists()
    review_sweep(project)
    now = held(items[0])
    assert (now.labels, now.taxonomy) == ([GAMES], before.taxonomy)  # both say it in the words of the first
    assert assignment_claim(project, people[1]) is None
    assert touched(project) == {f"category/{GAMES}": {items[0].pk}}
    with pytest.raises(Conflict):
        recheck_cancel(guide, recheck.batch.number)


def test_a_recheck_is_no_evidence_of_an_audit(project: Project, people: list[User], guide: Access) -> None:
    (item,) = make_items(project, 1, split=Split.HOLDOUT)
    make_batch(project, [item])
    for person in people:
        make_judgment(item, person, [GAMES])
    review_sweep(project)
    split(project)
    recheck = look_again(guide, f"category/{GAMES}")
    for person in people:
        answer(project, person, "video")
    review_sweep(project)

    assert BatchItem.objects.get(batch=recheck.batch).inclusion_probability is None
    assert not audited_resolutions(project).exists()


def test_a_lead_counts_opens_and_cancels_on_the_page(
    project: Project, items: list[Item], guide: Access, client: Client
) -> None:
    split(project)
    client.force_login(guide.user)
    page, key = "/projects/pilot/rechecks/", f"category/{GAMES}"

    shown = client.get(page).content.decode()
    counted = client.post(page, {"group": [key], "count": "1"}).content.decode()
    nothing = client.post(page, {"reason": "Split"})
    unsaid = client.post(page, {"group": [key], "reason": ""})
    gone = client.post(page, {"group": [key], "reason": "Split", "taxonomy": "9"})
    opened = client.post(page, {"group": [key], "reason": "Split", "taxonomy": "2"})
    number = Recheck.objects.get().batch.number
    after = client.get(page).content.decode()
    ended = client.post(f"{page}{number}/cancel/")
    twice = client.post(f"{page}{number}/cancel/")

    assert "Split &quot;Games&quot; into &quot;Board&quot; and &quot;Video&quot;" in shown
    assert "1 item, 2 places" in counted
    assert (nothing.status_code, unsaid.status_code, gone.status_code) == (400, 422, 404)
    assert (opened.status_code, ended.status_code, twice.status_code) == (302, 302, 409)
    assert "0 of 2" in after
    assert "cancelled by lee" in client.get(page).content.decode()


def test_what_there_is_no_time_to_count_can_be_chosen_and_counted_first(
    project: Project, items: list[Item], guide: Access, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    split(project)
    client.force_login(guide.user)
    page, key = "/projects/pilot/rechecks/", f"category/{GAMES}"

    monkeypatch.setattr("annotator.review.policy.counting.COUNT_SECONDS", 0.0)
    shown = client.get(page).content.decode()
    counted = client.post(page, {"group": key, "count": "1"}).content.decode()

    assert "not counted yet" in shown
    assert "1 item, 2 places" in counted


def test_what_a_draft_of_the_taxonomy_touches_is_shown_before_it_is_published(
    project: Project, items: list[Item], guide: Access, client: Client
) -> None:
    client.force_login(guide.user)
    address = "/projects/pilot/taxonomy/draft/impact/"
    untouched = client.get(address).content.decode()
    parts = {"name_1": "Board", "definition_1": "x", "name_2": "Video", "definition_2": "x"}
    client.post(
        "/projects/pilot/taxonomy/draft/change/",
        {"change": "split", "revision": "0", "source": GAMES, **parts},
    )

    touched_now = client.get(address).content.decode()

    assert "only adds" in untouched
    assert "Judgments that name a category which changes</dt><dd>2</dd>" in touched_now
    assert "Resolutions that do</dt><dd>1</dd>" in touched_now
    assert "People who gave them</dt><dd>2</dd>" in touched_now


def test_the_policy_reads_as_a_history(
    project: Project, items: list[Item], guide: Access, client: Client
) -> None:
    split(project)
    guideline_publish(
        project,
        [ClauseDraft("1.1", "", "Judge the page", "Only what it shows.")],
        by=guide.user,
        note="Said more plainly",
    )
    look_again(guide, f"category/{GAMES}")
    client.force_login(guide.user)

    text = client.get("/projects/pilot/policy/").content.decode()
    client.force_login(make_member(project))
    blind = client.get("/projects/pilot/policy/").content.decode()

    assert (
        text.index("Guideline version 2")
        < text.index("Taxonomy version 2")
        < text.index("Taxonomy version 1")
    )
    assert "Said more plainly" in text
    assert "Split &quot;Games&quot; into &quot;Board&quot; and &quot;Video&quot;" in text
    assert "<ins>what</ins>" in text or "<ins>" in text
    assert "Items that cite 1.1" in text
    assert text.count("Looked at again: 1 item in") == 1
    assert "Looked at again" not in blind
    assert "Items that cite" not in blind


def test_a_recheck_is_opened_listed_and_cancelled_over_the_api(
    project: Project, items: list[Item], guide: Access, client: Client
) -> None:
    split(project)
    client.force_login(guide.user)
    address = "/api/v1/projects/pilot/rechecks/"
    sent = {"groups": [f"category/{GAMES}"], "taxonomy": 2, "reason": "Split"}

    opened = client.post(address, sent, content_type="application/json")
    again = client.post(address, sent, content_type="application/json")
    number = opened.json()["batch"]
    ended = client.post(f"{address}{number}/cancel/")
    (row,) = client.get(address).json()

    assert (opened.status_code, again.status_code, ended.status_code) == (201, 409, 204)
    assert (opened.json()["n_items"], opened.json()["places"], opened.json()["is_open"]) == (1, 2, True)
    assert (row["batch"], row["is_open"], row["places"]) == (number, False, 0)
