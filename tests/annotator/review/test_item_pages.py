"""What is held of one item, the agreement page, and flags."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from annotator.accounts.models import User
from annotator.judgments.models import Flag
from annotator.pool.models import Evidence, Item
from annotator.projects.models import Project
from annotator.review.agreement.reports import agreement_measure
from annotator.review.models import Disagreement, Resolution
from annotator.review.services import review_sweep
from tests.annotator.review.visiting import HTMX, filled, page
from tests.factories import GAMES, make_batch, make_items, make_judgment

pytestmark = pytest.mark.django_db


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


def test_a_judgment_of_an_earlier_version_of_the_page_says_so(
    pages: Client, project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [GAMES], evidence=1)
    Evidence.objects.create(item=item, version=2, content_hash=item.url_hash, added_at=timezone.now())
    make_judgment(item, people[1], [GAMES], evidence=2)

    text = pages.get(page(project, "item_review", item.pk)).content.decode()

    assert text.count("· judged version 1 of the page, which is at 2 now") == 1
    assert "judged version 2" not in text
