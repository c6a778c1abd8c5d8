"""What pages show beside their lists, read over the API on the pilot project."""

from dataclasses import asdict

import pytest
from django.utils import timezone

from annotator.judgments.models import Judgment
from annotator.queue.models import Assignment, AssignmentState, Batch
from annotator.review.people.care import ENOUGH_PEOPLE, team_care
from learner.query.models import QueryRun
from learner.training.models import ClassifierVersion, DrivingRun
from tests.flows.over_api.calls import API, as_, get
from tests.pilot import Pilot

pytestmark = pytest.mark.django_db


def test_a_batch_says_how_far_it_is_worked_off(pilot: Pilot) -> None:
    rows = get(as_(pilot, "sam"), "batches/", page_size=2)["results"]

    assert len(rows) == 2
    for row in rows:
        batch = Batch.objects.get(project=pilot.project, number=row["number"])
        places = Assignment.objects.filter(batch_item__batch=batch)
        submitted = places.filter(state=AssignmentState.SUBMITTED)
        assert (row["places"], row["submitted"]) == (places.count(), submitted.count())
        assert row["free"] + row["offered"] + row["submitted"] == row["places"]
        assert sum(row["streams"].values()) == batch.n_items
        assert row["pool_size"] == (None if batch.personal else batch.pool_size)
    narrowed = get(as_(pilot, "sam"), "batches/", fields="number,submitted")["results"][0]
    assert set(narrowed) == {"number", "submitted"}


def test_a_query_tells_the_makeup_of_its_batch(pilot: Pilot) -> None:
    batch = Batch.objects.filter(project=pilot.project, personal=False).latest("number")
    run = QueryRun.objects.filter(project=pilot.project).latest("pk")
    QueryRun.objects.filter(pk=run.pk).update(batch=batch)
    sam = as_(pilot, "sam")

    found = get(sam, f"queries/{run.pk}/")

    assert found["query"]["id"] == run.pk
    assert found["makeup"]["items"] == batch.n_items
    assert sum(found["makeup"]["streams"].values()) == batch.n_items
    QueryRun.objects.filter(pk=run.pk).update(batch=None)
    assert get(sam, f"queries/{run.pk}/")["makeup"] is None
    assert sam.get(f"{API}queries/999999/").status_code == 404


def test_the_checks_of_all_annotators_are_one_list_for_leads(pilot: Pilot) -> None:
    lee = as_(pilot, "lee")

    people = get(lee, "people/checks/")["people"]

    assert [row["username"] for row in people] == sorted(row["username"] for row in people)
    assert {"annie", "bo"} <= {row["username"] for row in people}
    for row in people:
        one = get(lee, f"people/{row['id']}/")
        same = ("standing", "n_judgments", "gold", "retest", "fast", "is_hasty")
        assert {name: row[name] for name in same} == {name: one[name] for name in same}
    assert as_(pilot, "sam").get(f"{API}people/checks/").status_code == 403


def test_the_sums_of_care_are_told_of_three_people_or_more(pilot: Pilot) -> None:
    judged = Judgment.objects.filter(project=pilot.project)
    assert judged.values("annotator").distinct().count() >= ENOUGH_PEOPLE

    care = get(as_(pilot, "sam"), "overview/")["care"]

    told = team_care(pilot.project, timezone.now())
    assert told is not None
    assert care == {**asdict(told), "hours": list(told.hours)}


def test_charts_count_what_the_search_finds(pilot: Pilot) -> None:
    sam = as_(pilot, "sam")

    charts, found = get(sam, "explorer/charts/"), get(sam, "explorer/")
    narrow = get(sam, "explorer/charts/", split="holdout")

    assert charts["count"] == found["count"]
    assert sum(row["n"] for row in charts["streams"]) == charts["count"]
    assert narrow["count"] <= charts["count"]
    assert sam.get(f"{API}explorer/charts/", {"p_min": "much"}).status_code == 400


def test_an_evaluation_says_its_sentence_and_the_verdict_of_each_slice(pilot: Pilot) -> None:
    found = get(as_(pilot, "sam"), "classifiers/2/evaluation/")

    assert found["sentence"].startswith(f"Judged on {found['n_items']:,} audited pages")
    assert found["facts"]["pack"]
    for row in found["facts"]["pack"]:
        assert row["verdict"] in ("within", "over", "not enough evidence")


def test_another_threshold_tells_what_it_would_do(pilot: Pilot) -> None:
    sam = as_(pilot, "sam")
    version = ClassifierVersion.objects.get(project=pilot.project, number=2)
    learned = next(row for row in version.categories if row["threshold"] is not None)
    path = f"classifiers/2/evaluation/{learned['category']}/"

    own, moved = get(sam, path), get(sam, path, threshold=0.99)

    assert own["threshold"] == own["threshold_used"] == learned["threshold"]
    assert own["flips"] is None
    assert (moved["threshold"], moved["threshold_used"]) == (0.99, learned["threshold"])
    assert moved["flips"]["begins"] is (learned["threshold"] > 0.99)
    assert sam.get(f"{API}{path}", {"threshold": 2}).status_code == 400
    assert sam.get(f"{API}{path}", {"by": "luck"}).status_code == 400
    assert sam.get(f"{API}classifiers/2/evaluation/no-such/").status_code == 404


def test_the_words_of_a_version_are_read_once_they_were_looked_for(pilot: Pilot) -> None:
    sam = as_(pilot, "sam")
    version = ClassifierVersion.objects.get(project=pilot.project, number=2)
    DrivingRun.objects.filter(version=version).delete()
    assert sam.get(f"{API}classifiers/2/words/").status_code == 404
    word = {
        "word": "bet", "place": "text", "weight": 1.5, "positives": 3, "of_positives": 4, "others": 0, "of_others": 9,
        "sites": 2,
    }  # fmt: skip
    DrivingRun.objects.create(
        project=pilot.project, version=version, status="done", result={"gambling": [word]}
    )

    found = get(sam, "classifiers/2/words/")

    assert (found["status"], found["categories"]) == ("done", [{"category": "gambling", "words": [word]}])
