"""The review behind the real doors of labelling: claim, submit, undo, submit again."""

from uuid import uuid4

import pytest

from annotator.accounts.models import User
from annotator.judgments.answers import Answer
from annotator.judgments.services import judgment_submit, judgment_undo
from annotator.pool.models import Item
from annotator.projects.access import Can, project_for
from annotator.projects.models import Project
from annotator.queue.places import assignment_claim
from annotator.review.selectors import resolutions_current
from annotator.review.services import Swept, review_sweep
from tests.factories import GAMBLING, GAMES

pytestmark = pytest.mark.django_db(transaction=True)


def judge(project: Project, person: User, *labels: str) -> None:
    place = assignment_claim(project, person)
    assert place is not None
    access = project_for(person, project.slug, Can.LABEL)
    judgment_submit(access, place.pk, Answer(client_id=uuid4(), labels=labels, seconds=3.0))


def test_resolution_follows_an_undo_and_the_answer_after_it(
    project: Project, item: Item, people: list[User]
) -> None:
    first, second, *_ = people
    judge(project, first, GAMES)
    judge(project, second, GAMES)
    assert review_sweep(project) == Swept(resolved=1)

    judgment_undo(project_for(second, project.slug, Can.LABEL))
    assert review_sweep(project) == Swept(reopened=1)
    assert not resolutions_current(project).exists()

    judge(project, second, GAMBLING)
    assert review_sweep(project) == Swept(places_added=1)
    judge(project, people[2], GAMBLING)
    assert review_sweep(project) == Swept(resolved=1)

    held = resolutions_current(project).get()
    assert (held.item, held.labels, held.method) == (item, [GAMBLING], "majority")
