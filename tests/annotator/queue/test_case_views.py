"""The pages of restricted cases: found by case holders alone, inert, and each look logged before it shows."""

import pytest
from django.test import Client

from annotator.pool.cases import LOOKED
from annotator.pool.cleaning import content_hash
from annotator.pool.models import Case, CaseAccess, Evidence, Item
from annotator.pool.pages import PageText
from annotator.projects.access import Can, project_for
from annotator.projects.models import LogEntry, Membership, Project, Role
from annotator.queue.places import assignment_claim
from annotator.queue.stopping import page_stop
from tests.factories import make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert("zq7")</script> http://bad.example/'


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def item(project: Project) -> Item:
    item = make_items(project, 1)[0]
    page = PageText(HOSTILE, "", "What it said.")
    Evidence.objects.filter(item=item).update(**page._asdict(), content_hash=content_hash(page))
    make_batch(project, [item])
    return item


@pytest.fixture
def case(project: Project, item: Item) -> Case:
    ann = project_for(make_member(project, username="ann"), "pilot", Can.LABEL)
    place = assignment_claim(project, ann.user)
    assert place is not None
    return page_stop(ann, place.pk)


@pytest.fixture
def holder(project: Project) -> Client:
    user = make_member(project, Role.SCIENTIST, "holda")
    Membership.objects.filter(user=user).update(case_holder=True)
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_and_the_case_show_a_hash_and_who_stopped_it_and_no_evidence(
    holder: Client, case: Case, item: Item
) -> None:
    listed, shown = text_of(holder, "/projects/pilot/cases/"), text_of(holder, "/projects/pilot/cases/1/")

    assert "/projects/pilot/cases/1/" in listed
    for page in (listed, shown):
        assert "ann" in page
        assert "zq7" not in page
        assert item.host not in page
    assert case.content_hash.hex in shown
    assert "Stopped the page" in shown
    assert not CaseAccess.objects.filter(what=LOOKED).exists()


def test_a_look_shows_inert_text_is_logged_and_is_kept_by_no_cache(
    holder: Client, case: Case, item: Item
) -> None:
    answer = holder.post("/projects/pilot/cases/1/evidence/")

    page = answer.content.decode()
    assert "&lt;script&gt;alert(&quot;zq7&quot;)&lt;/script&gt;" in page
    assert item.host.replace(".", "[.]") in page
    assert f"://{item.host}" not in page
    assert "no-store" in answer["Cache-Control"]
    assert CaseAccess.objects.get(what=LOOKED).user.username == "holda"
    assert holder.get("/projects/pilot/cases/1/evidence/").status_code == 405


def test_a_released_page_is_back_and_the_case_says_so(holder: Client, case: Case, item: Item) -> None:
    answer = holder.post("/projects/pilot/cases/1/", {"outcome": "released", "reference": ""}, follow=True)

    page = answer.content.decode()
    assert "Case 1 is closed: Released: the stop was a mistake." in page
    assert "its places are back in the queue" in page
    assert not Item.objects.get(pk=item.pk).withheld
    assert LogEntry.objects.filter(text__startswith="holda closed case 1: Released").exists()
    assert holder.post("/projects/pilot/cases/1/evidence/").status_code == 409


def test_a_kept_page_stays_and_its_reference_is_shown(holder: Client, case: Case, item: Item) -> None:
    answer = holder.post("/projects/pilot/cases/1/", {"outcome": "kept", "reference": "R-88"}, follow=True)

    assert "R-88" in answer.content.decode()
    assert Item.objects.get(pk=item.pk).withheld
    assert holder.post("/projects/pilot/cases/1/evidence/").status_code == 200
    assert holder.post("/projects/pilot/cases/1/", {"outcome": "released"}).status_code == 409


def test_the_form_says_what_is_missing_when_no_outcome_is_chosen(holder: Client, case: Case) -> None:
    answer = holder.post("/projects/pilot/cases/1/", {"reference": "R-88"})

    assert answer.status_code == 422
    assert Case.objects.get().closed_at is None


def test_cases_of_another_project_are_not_found(holder: Client, case: Case) -> None:
    elsewhere = make_project("elsewhere")
    user = make_member(elsewhere, Role.ADMIN)
    Membership.objects.filter(user=user).update(case_holder=True)
    client = Client()
    client.force_login(user)

    for path in ("pilot/cases/", "pilot/cases/1/", "elsewhere/cases/1/"):
        assert client.get(f"/projects/{path}").status_code == 404
    assert client.post("/projects/elsewhere/cases/1/evidence/").status_code == 404


def test_an_admin_names_a_case_holder_and_ends_that_and_the_log_says_so(project: Project) -> None:
    admin = Client()
    admin.force_login(make_member(project, Role.ADMIN, "ada"))
    lee = Client()
    lee.force_login(make_member(project, Role.LEAD, "lee"))
    path = "/projects/pilot/members/case-holder/"

    found = []
    for holds in ("yes", "yes", "no"):
        assert admin.post(path, {"username": "lee", "holds": holds}).status_code == 302
        found.append(lee.get("/projects/pilot/cases/").status_code)

    assert found == [200, 200, 404]
    assert list(LogEntry.objects.filter(stage="projects").order_by("pk").values_list("text", flat=True)) == [
        "lee may open restricted cases now, says ada",
        "lee may open restricted cases no more, says ada",
    ]


@pytest.mark.parametrize(
    "data", [{"username": "nobody", "holds": "yes"}, {"username": "ada"}, {"holds": "yes"}]
)
def test_nobody_is_named_when_the_form_is_wrong(project: Project, data: dict[str, str]) -> None:
    admin = Client()
    admin.force_login(make_member(project, Role.ADMIN, "ada"))

    assert admin.post("/projects/pilot/members/case-holder/", data).status_code == 400
    assert not Membership.objects.filter(case_holder=True).exists()
