"""Examples of a category: what is known of the pages that a scientist named, and that they steer the search."""

from dataclasses import replace

import pytest

from annotator.pool.models import Evidence, Item, Split
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from annotator.queue.models import BatchItem
from learner.query.choosing import query_run_execute
from learner.query.examples import examples_of
from learner.query.featurising import feature_run_execute
from learner.query.selectors import steering_of
from learner.query.services import feature_run_start, query_run_start, steering_set
from learner.query.steering import steering_changes, steering_problems
from tests.factories import CATEGORIES, GAMBLING, make_items, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project("pilot", batch_size=10, holdout_percent=0)


def scientist(project: Project) -> Access:
    return project_for(make_member(project, Role.SCIENTIST), "pilot", Can.STEER)


def test_a_page_that_was_taken_in_comes_with_its_text(project: Project) -> None:
    (item,) = make_items(project, 1, topic="roulette")
    evidence = Evidence.objects.get(item=item)

    found = examples_of(
        project, {GAMBLING: [item.url.upper().replace("HTTPS", "https"), "spins.example/now"]}
    )

    known, other = found[GAMBLING]
    assert (known.url, known.title) == (item.url, evidence.title) or other.url == "https://spins.example/now"
    assert (other.host, other.text) == ("spins.example", "")


def test_nothing_is_learned_from_withheld_pages_and_holdout_sites(project: Project) -> None:
    (item,) = make_items(project, 1)
    url = item.url
    Item.objects.filter(pk=item.pk).update(withheld=True, url=f"withheld:{item.pk}")
    held_out = make_project("held-out", holdout_percent=50)
    sites = [f"https://site{n}.example/" for n in range(40)]

    assert examples_of(project, {GAMBLING: [url, "not an address"]}) == {GAMBLING: ()}
    kept = {page.url for page in examples_of(held_out, {GAMBLING: sites})[GAMBLING]}
    assert 0 < len(kept) < len(sites)


def test_no_examples_ask_the_database_nothing(project: Project, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(0):
        assert examples_of(project, {}) == {}


def test_examples_bring_pages_that_no_word_of_the_definition_names(project: Project) -> None:
    make_items(project, 30, topic="weather")
    wanted = make_items(project, 3, topic="tombola")
    make_items(project, 3, topic="tombola", split=Split.HOLDOUT)
    feature_run_execute(feature_run_start(project).pk)
    in_use = replace(steering_of(project), shares={"query": 1.0}, batch_size=4)
    steering_set(scientist(project), replace(in_use, examples={GAMBLING: [wanted[0].url]}), based_on=0)

    query_run_execute(query_run_start(project, "asked", None).pk)

    chosen = BatchItem.objects.filter(reason=f"resembles the definition of {GAMBLING}")
    assert set(chosen.values_list("item_id", flat=True)) & {item.pk for item in wanted}


def test_what_is_wrong_with_examples_is_named_and_changes_are_counted() -> None:
    usual = replace(steering_of(make_project()), examples={GAMBLING: ["https://a.example/"]})

    assert steering_problems(usual, CATEGORIES) == {}
    for wrong, problem in (
        ({"unheard": ["https://a.example/"]}, 'The taxonomy has no category "unheard".'),
        ({GAMBLING: ["ftp://a.example/"]}, "ftp://a.example/ is no address of a page"),
        ({GAMBLING: ["https://a.example/"] * 21}, "21 examples are more than are of use"),
    ):
        (found,) = steering_problems(replace(usual, examples=wrong), CATEGORIES).values()
        assert problem in found
    assert steering_changes(usual, replace(usual, examples={})) == [f"examples of {GAMBLING} 1 → 0"]
    assert steering_changes(usual, replace(usual, examples={GAMBLING: ["https://b.example/"]})) == [
        f"examples of {GAMBLING} 1 → 1 (others)"
    ]
