"""Evidence that was kept long enough: which items lose it, how often it is looked for, and what keeps it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotator.pool.erasing import retention_set
from annotator.pool.models import Erasure, Evidence, Item, Retention
from annotator.projects.access import Can, project_for
from annotator.projects.models import Project, Role
from annotator.review import retention
from annotator.review.checks.gold import gold_of
from annotator.review.models import Disagreement, Gold, Method, Resolution
from annotator.review.retention import retention_sweep, retentions_due
from tests.factories import GAMES, make_batch, make_items, make_member, make_project, make_resolution

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


def keep(project: Project, days: int | None = 30) -> None:
    retention_set(project_for(make_member(project, Role.ADMIN), "pilot", Can.CONFIGURE), days)


def resolved(project: Project, n: int = 1, days_ago: int = 40, **columns: Any) -> list[Item]:
    items = make_items(project, n)
    for item in items:
        make_resolution(item, [GAMES], created_at=NOW - timedelta(days=days_ago), **columns)
    return items


def sweep(now: datetime = NOW) -> list[Erasure]:
    found = [retention_sweep(due, now) for due in retentions_due(now)]
    return [erasure for erasure in found if erasure is not None]


def erased(project: Project) -> set[int]:
    return set(Item.objects.filter(project=project, erased_at__isnull=False).values_list("pk", flat=True))


def test_nothing_is_erased_where_nobody_decided_so(project: Project) -> None:
    resolved(project, days_ago=4_000)

    assert sweep() == []
    keep(project, None)
    assert sweep() == []
    assert erased(project) == set()


def test_items_that_were_resolved_long_enough_ago_lose_their_evidence(project: Project) -> None:
    (old,), (new,) = resolved(project), resolved(project, days_ago=20)
    (unresolved,) = make_items(project, 1)
    keep(project)

    (erasure,) = sweep()

    assert (erasure.scope, erasure.by, erasure.n_items) == ("retention", None, 1)
    assert "30 days" in erasure.reason
    assert erased(project) == {old.pk}
    assert Evidence.objects.get(item=old).text == ""
    assert all(Evidence.objects.get(item=item).text for item in (new, unresolved))


def test_what_somebody_still_has_to_read_keeps_its_evidence(project: Project) -> None:
    gold, disputed, waiting, reopened, withheld = resolved(project, 5)
    Gold.objects.create(
        project=project, item=gold, labels=[GAMES], explanation="x", added_by=project.created_by
    )
    Disagreement.objects.create(project=project, item=disputed, reason="x")
    make_batch(project, [waiting])
    held = Resolution.objects.get(item=reopened)
    make_resolution(
        reopened,
        method=Method.REOPENED,
        verdict="withdrawn",
        supersedes=held,
        created_at=NOW - timedelta(days=39),
    )
    Item.objects.filter(pk=withheld.pk).update(withheld=True)
    keep(project)

    assert sweep() == []
    assert erased(project) == set()


def test_it_goes_on_every_tick_until_nothing_is_due_and_then_looks_hourly(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    resolved(project, 3)
    keep(project)

    n_items = [[row.n_items for row in sweep()] for _ in range(3)]

    assert n_items == [[2], [1], []]
    assert Retention.objects.get().swept_at == NOW
    resolved(project)
    assert sweep(NOW + timedelta(minutes=59)) == []
    assert len(sweep(NOW + timedelta(minutes=61))) == 1
    assert Erasure.objects.count() == 3


def test_gold_without_evidence_is_not_served(project: Project) -> None:
    (item,) = resolved(project)
    Gold.objects.create(
        project=project, item=item, labels=[GAMES], explanation="x", added_by=project.created_by
    )

    Item.objects.filter(pk=item.pk).update(erased_at=NOW)

    assert not gold_of(project).exists()
