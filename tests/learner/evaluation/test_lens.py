"""The pages about an evaluation, as a client without JavaScript sees them, and the same facts from the API."""

import pytest
from django.test import Client
from django.urls import reverse

from annotator.pool.models import Item
from annotator.projects.access import Can, project_for
from annotator.projects.models import Project, Role
from learner.evaluation.lens.services import ProfileDraft, profile_set, usual_rule
from learner.evaluation.models import Evaluation, PackMember, ProfileVersion
from tests.evaluated import make_evaluation
from tests.factories import GAMES, make_classifier, make_items, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def measured(project: Project) -> Evaluation:
    return make_evaluation(make_classifier(project), make_items(project, 40, topic="games chess"))


def signed_in(client: Client, project: Project, role: Role = Role.SCIENTIST) -> Client:
    client.force_login(make_member(project, role))
    return client


def text_of(client: Client, name: str, *args: object, query: str = "", status: int = 200) -> str:
    response = client.get(reverse(f"evaluation:{name}", args=args) + query)
    assert response.status_code == status
    return " ".join(response.content.decode().split())


def test_an_evaluation_is_told_in_words_and_by_category(
    client: Client, project: Project, measured: Evaluation
) -> None:
    text = text_of(signed_in(client, project), "evaluation", project.slug, 1)

    assert "Judged on 600 audited pages, which stand for 4,000 pages" in text
    assert "Not learned yet, so never predicted: Gambling, Violence." in text
    assert "It finds most of Games" in text
    assert text.count("Not learned yet: 2 positives, 5 needed") == 2
    assert "What is taken for what" in text
    assert "not enough evidence" in text


def test_the_newest_evaluation_is_one_address_away(client: Client, project: Project) -> None:
    signed_in(client, project)

    assert "No classifier yet" in text_of(client, "newest", project.slug)
    make_classifier(project)
    assert client.get(reverse("evaluation:newest", args=[project.slug])).status_code == 302
    assert "Not evaluated yet" in text_of(client, "evaluation", project.slug, 1)
    assert "Not evaluated yet" in text_of(client, "category", project.slug, 1, GAMES)


def test_an_evaluation_from_before_curves_says_what_it_lacks(client: Client, evaluated: Project) -> None:
    signed_in(client, evaluated)

    assert "Not measured by this evaluation" in text_of(client, "evaluation", evaluated.slug, 2)
    assert "No curve yet" in text_of(client, "category", evaluated.slug, 2, GAMES)


def test_another_threshold_shows_what_it_costs_and_which_known_pages_flip(
    client: Client, project: Project, measured: Evaluation
) -> None:
    signed_in(client, project)

    text = text_of(client, "category", project.slug, 1, GAMES, query="?by=point&at=0&pages=5000")

    assert "where you put it" in text
    assert "of 5,000 pages a day" in text
    assert "Flagged by mistake then:" in text
    assert "hxxps://" in text
    assert 'href="https://site' not in text
    Item.objects.filter(project=project).update(withheld=True)
    hidden = text_of(client, "category", project.slug, 1, GAMES, query="?by=point&at=0&pages=5000")
    assert "hxxps://" not in hidden


def test_mistakes_are_told_of_the_pages_a_day_of_the_school_profiles(
    client: Client, project: Project, measured: Evaluation
) -> None:
    admin = project_for(make_member(project, Role.ADMIN), project.slug, Can.READ)
    for name, pages in (("elementary", 2_000), ("high", 7_000)):
        rules = [usual_rule(name, category) for category in admin.taxonomy.categories]
        profile_set(admin, ProfileDraft(name, rules, pages, "", 0))

    signed_in(client, project)

    every = text_of(client, "category", project.slug, 1, GAMES)
    high = text_of(client, "category", project.slug, 1, GAMES, query="?school=high")
    typed = text_of(client, "category", project.slug, 1, GAMES, query="?school=high&pages=50")

    assert "of 9,000 pages a day" in every
    assert "of 7,000 pages a day" in high
    assert "of 50 pages a day" in typed


@pytest.mark.parametrize("by", ["own", "f_beta", "recall", "cost", "point"])
def test_a_threshold_is_chosen_by_what_is_wanted(
    client: Client, project: Project, measured: Evaluation, by: str
) -> None:
    signed_in(client, project)

    text = text_of(client, "category", project.slug, 1, GAMES, query=f"?by={by}&floor=0.6&at=999")

    assert "Threshold 0." in text or "Threshold 1." in text
    assert "No threshold: the category is not learned yet" in text_of(
        client, "category", project.slug, 1, "violence", query=f"?by={by}"
    )


@pytest.mark.parametrize("query", ["?by=magic", "?at=-1", "?floor=2", "?pages=0", "?miss=nan", "?at=9e9"])
def test_what_cannot_be_asked_is_said_at_its_field(
    client: Client, project: Project, measured: Evaluation, query: str
) -> None:
    text_of(signed_in(client, project), "category", project.slug, 1, GAMES, query=query, status=422)


def test_a_category_that_the_version_does_not_know_is_not_found(
    client: Client, project: Project, measured: Evaluation
) -> None:
    text = text_of(signed_in(client, project), "category", project.slug, 1, "cats", status=404)

    assert "knows no category" in text


def test_a_profile_is_set_and_what_cannot_be_is_said_at_its_field(client: Client, project: Project) -> None:
    signed_in(client, project)
    address = reverse("evaluation:profile", args=[project.slug, "high"])
    usual = client.get(address).context["form"].initial
    typed = {name: "" if value is None else value for name, value in usual.items()}

    refused = client.post(address, typed | {"objective-games": "fixed"})
    set_ = client.post(address, typed | {"action-games": "warn", "note": "Agreed"})
    again = client.post(address, typed)

    assert refused.status_code == 422
    assert "needs a probability from 0 to 1" in refused.content.decode()
    assert set_.status_code == 302
    assert again.status_code == 409
    assert ProfileVersion.objects.get().note == "Agreed"
    assert "version 1" in text_of(client, "profiles", project.slug)
    assert client.get(reverse("evaluation:profile", args=[project.slug, "nursery"])).status_code == 404


def test_only_scientists_and_admins_set_profiles(client: Client, project: Project) -> None:
    signed_in(client, project, Role.LEAD)
    address = reverse("evaluation:profile", args=[project.slug, "high"])

    assert client.get(address).status_code == 200
    assert client.post(address, {}).status_code == 403


def test_pages_are_found_put_into_a_slice_and_taken_out(client: Client, project: Project) -> None:
    first, second = make_items(project, 2, topic="crisis line")
    signed_in(client, project, Role.LEAD)
    packs = reverse("evaluation:packs", args=[project.slug])

    assert f'value="{first.pk}"' in text_of(client, "packs", project.slug, query="?text=crisis")
    client.post(
        packs,
        {"pack": "recovery-crisis", "item": [first.pk, "x"], "addresses": f"{second.url}\nnone.example"},
    )
    shown = text_of(client, "packs", project.slug)
    client.post(
        reverse("evaluation:pack_out", args=[project.slug]), {"pack": "recovery-crisis", "item": first.pk}
    )

    assert "2 pages put into Recovery and crisis help" in shown
    assert "1 lines name no page of this project: none.example" in shown
    assert list(PackMember.objects.order_by("pk").values_list("item_id", "inside")) == [
        (first.pk, True),
        (second.pk, True),
        (first.pk, False),
    ]
    assert client.post(packs, {"pack": "crime"}).status_code == 422
    out = reverse("evaluation:pack_out", args=[project.slug])
    assert client.post(out, {"pack": "crime", "item": "1"}).status_code == 400
    assert client.post(out, {"pack": "health", "item": "²"}).status_code == 400
    assert client.get(packs + "?text=%00").status_code == 200


def test_the_api_tells_the_same_facts(client: Client, project: Project, measured: Evaluation) -> None:
    signed_in(client, project)

    body = client.get(reverse("api:evaluation-read", args=[project.slug, 1])).json()

    assert (body["classifier"], body["n_items"]) == (1, 600)
    for name in ("recall", "curve", "calibration", "average_precision"):
        assert body["facts"]["categories"][0][name] == measured.facts["categories"][0][name]
    for name in ("confusion", "slices", "label_ranking_ap"):
        assert body["facts"][name] == measured.facts[name]
    for told, row in zip(body["facts"]["pack"], measured.facts["pack"], strict=True):
        assert told == {**row, "verdict": told["verdict"]}
    assert {told["verdict"] for told in body["facts"]["pack"] if told["n"] == 0} == {"not enough evidence"}


def test_the_api_says_what_is_missing(client: Client, evaluated: Project) -> None:
    signed_in(client, evaluated)

    older = client.get(reverse("api:evaluation-read", args=[evaluated.slug, 2]))
    none = client.get(reverse("api:evaluation-read", args=[evaluated.slug, 1]))
    profile = client.get(reverse("api:profile-read", args=[evaluated.slug, "middle"]))

    assert "curve" not in older.json()["facts"]["categories"][0]
    assert (none.status_code, profile.status_code) == (404, 404)
    assert "not evaluated yet" in none.json()["error"]["message"]
