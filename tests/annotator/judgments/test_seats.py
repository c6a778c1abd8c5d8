"""One's own keys and cover: stored whole or not at all, for one person in one project."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput
from annotator.judgments.models import Seat
from annotator.judgments.seats import seat_arrange, seat_of, seat_reset
from annotator.judgments.selectors import Day, day_counted, day_of
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState
from annotator.queue.selectors import PROGRESS_MAX, Progress, batch_progress
from tests.factories import GAMES, make_batch, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db

KEYS = reverse("judgments:keys", args=["pilot"])
LABEL = reverse("judgments:label", args=["pilot"])
NOON = timezone.now().replace(hour=12)


@pytest.fixture
def project() -> Project:
    project = make_project("pilot", overlap=2)
    make_batch(project, make_items(project, 3))
    return project


@pytest.fixture
def ann(project: Project) -> Access:
    return project_for(make_member(project, username="ann"), "pilot", Can.LABEL)


@pytest.fixture
def signed_in(ann: Access, client: Client) -> Client:
    client.force_login(ann.user, backend="annotator.accounts.backends.AccountBackend")
    return client


def form(**fields: Any) -> dict[str, Any]:
    return {"shield": "severe", **{name.replace("__", ":"): value for name, value in fields.items()}}


def shown(client: Client) -> str:
    """The page to judge, as HTML."""
    page = client.get(LABEL).content.decode()
    return page[page.index('<article class="evidence"') : page.index("</article>")]


def test_a_seat_is_the_usual_one_until_it_is_arranged(ann: Access) -> None:
    seat = seat_of(ann.project, ann.user)

    assert (seat.keys, seat.shield, Seat.objects.count()) == ({}, "severe", 0)


def test_arranging_again_replaces_and_resetting_keeps_the_cover(ann: Access) -> None:
    seat_arrange(ann, keys={"flag": "x"}, shield="severe")
    seat_arrange(ann, keys={"undo": "z"}, shield="always")
    assert (Seat.objects.get().keys, Seat.objects.get().shield) == ({"undo": "z"}, "always")

    seat_reset(ann)

    assert (Seat.objects.get().keys, Seat.objects.get().shield) == ({}, "always")


def test_nothing_is_stored_when_one_key_is_refused(ann: Access) -> None:
    seat_arrange(ann, keys={"flag": "x"}, shield="severe")

    with pytest.raises(BadInput):
        seat_arrange(ann, keys={"undo": "z", "guideline": "1"}, shield="always")
    with pytest.raises(BadInput, match='"thick" is not a cover'):
        seat_arrange(ann, keys={"undo": "z"}, shield="thick")

    assert (Seat.objects.get().keys, Seat.objects.get().shield) == ({"flag": "x"}, "severe")


def test_keys_are_saved_from_the_page_and_painted_on_the_categories(signed_in: Client) -> None:
    saved = signed_in.post(KEYS, form(key__flag="x", **{"key:category:games": "a"}))

    page = signed_in.get(LABEL).content.decode()
    assert (saved.status_code, saved["Location"]) == (302, LABEL)
    assert 'data-key="a"' in page
    assert "&quot;flag&quot;: &quot;x&quot;" in page
    assert '<kbd aria-hidden="true">a</kbd>' in page


def test_the_form_comes_back_as_it_was_typed_when_keys_clash(signed_in: Client) -> None:
    refused = signed_in.post(KEYS, form(key__flag="1", key__undo="z"))

    html = refused.content.decode()
    assert refused.status_code == 422
    assert "“Flag for the lead” and “Games”" in html
    assert 'name="key:undo" value="z"' in html
    assert html.count('aria-invalid="true"') == 2
    assert Seat.objects.count() == 0


def test_the_usual_keys_come_back_with_one_button(signed_in: Client, ann: Access) -> None:
    seat_arrange(ann, keys={"flag": "x"}, shield="severe")

    signed_in.post(KEYS, {"reset": "1"})

    assert Seat.objects.get().keys == {}


def test_a_colleague_keeps_their_own_keys(ann: Access) -> None:
    seat_arrange(ann, keys={"flag": "x"}, shield="always")
    bo = make_member(ann.project, username="bo")

    assert seat_of(ann.project, bo).keys == {}


def test_the_text_starts_covered_when_the_place_may_be_harmful_or_the_person_says_so(
    signed_in: Client, ann: Access
) -> None:
    assert "shield" not in shown(signed_in)
    Assignment.objects.update(severity=2)
    assert "shield" in shown(signed_in)
    Assignment.objects.update(severity=1)
    seat_arrange(ann, keys={}, shield="always")
    assert "shield" in shown(signed_in)


def test_a_part_is_covered_when_the_page_says_that_its_person_wants_it(signed_in: Client) -> None:
    plain = signed_in.post(reverse("judgments:next", args=["pilot"]), {"part": "place"})
    covered = signed_in.post(reverse("judgments:next", args=["pilot"]), {"part": "place", "shield": "always"})

    assert 'data-shielded=""' in plain.content.decode()
    assert 'data-shielded="true"' in covered.content.decode()


def test_a_request_of_another_account_is_refused_and_nothing_is_claimed(
    signed_in: Client, project: Project
) -> None:
    bo = make_member(project, username="bo")

    refused = signed_in.post(
        reverse("judgments:next", args=["pilot"]),
        {"part": "place", "owner": bo.pk},
        headers={"Accept": "application/json"},
    )

    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "other_account")
    assert Assignment.objects.filter(state=AssignmentState.OFFERED).count() == 0


def test_a_run_ends_with_a_break() -> None:
    times = [NOON + timedelta(minutes=minute) for minute in (0, 1, 2, 20, 21)]

    assert day_counted(times, now=times[-1]) == Day(judgments=5, longest_run=3, run=2)
    assert day_counted(times, now=times[-1] + timedelta(minutes=5)) == Day(5, 3, 0)
    assert day_counted([], now=NOON) == Day()


def test_a_day_counts_what_stands_since_midnight(project: Project, django_assert_num_queries: Any) -> None:
    ann: User = make_member(project)
    items = make_items(project, 3)
    make_batch(project, items)
    make_judgment(items[0], ann, [GAMES], created_at=timezone.now() - timedelta(days=2))
    make_judgment(items[1], ann, [GAMES])
    make_judgment(items[2], make_member(project), [GAMES])

    with django_assert_num_queries(1):
        day = day_of(project, ann, timezone.now() - timedelta(hours=1), now=timezone.now())

    assert (day.judgments, day.longest_run) == (1, 1)


def test_the_progress_is_that_of_the_newest_batch_for_everybody(
    project: Project, django_assert_num_queries: Any
) -> None:
    items = make_items(project, 2)
    batch = make_batch(project, items)
    make_judgment(items[0], make_member(project), [GAMES])

    with django_assert_num_queries(2):
        progress = batch_progress(project)

    assert progress == Progress(number=batch.number, places=4, submitted=1)
    assert batch.n_items <= PROGRESS_MAX
    assert batch_progress(make_project()) is None


def test_the_progress_moves_in_tenths_so_that_a_check_is_not_what_leaves_it_where_it_is() -> None:
    shown = [Progress(number=1, places=120, submitted=n) for n in (11, 12, 23, 119, 120)]

    assert [progress.reached for progress in shown] == [0, 12, 12, 108, 120]
    assert [progress.text for progress in shown][2:] == ["about 12 of 120", "about 108 of 120", "120 of 120"]
    assert Progress(number=1, places=4, submitted=1).text == "1 of 4"
