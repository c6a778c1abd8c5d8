"""The care for one person: what they took, what they are given now, what they opted out of, why nothing is left.

All of it is for that person's own pages. No page or API may call it for anybody else.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import TruncHour

from annotator.accounts.models import User
from annotator.errors import BadInput
from annotator.projects.models import Project
from annotator.projects.selectors import slugs_akin, taxonomy_current
from annotator.queue.claiming import cursor_forget
from annotator.queue.exposure import Limits, Ration, Spent, ration
from annotator.queue.models import Assignment, AssignmentState, Exposure, Lesson, OptOut
from annotator.queue.places import assignment_release
from annotator.queue.terms import claim_terms, limits_of

HOURS: Final = 24


@dataclass(frozen=True)
class OwnExposure:
    """What one person took, and is given now. `hours`: harmful pages in each of the last 24 clock hours, UTC."""

    ration: Ration
    limits: Limits
    pages_today: int
    hours: tuple[int, ...]


@dataclass(frozen=True)
class Nothing:
    """Why the queue has nothing for somebody, as a headline and what they can expect."""

    title: str
    text: str


def own_exposure(project: Project, annotator: User, now: datetime) -> OwnExposure:
    """What `annotator` took, in all projects together, and what this project gives them now. Two queries."""
    limits = limits_of(project)
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=HOURS - 1)
    mine = Exposure.objects.filter(annotator=annotator)
    spent = mine.filter(minute__gte=now - limits.history).values_list("minute", "points")
    by_hour = mine.filter(minute__gte=first).values_list(TruncHour("minute"))
    pages: dict[datetime, int] = dict(by_hour.annotate(n=Sum("items")).order_by())
    hours = tuple(pages.get(first + timedelta(hours=hour), 0) for hour in range(HOURS))
    return OwnExposure(
        ration=ration([Spent(minute, points) for minute, points in spent], limits, now),
        limits=limits,
        pages_today=sum(hours[HOURS - 1 - this_hour.hour :]),
        hours=hours,
    )


def lighter_line(project: Project, annotator: User, now: datetime) -> str:
    """The quiet line of the labelling page while `annotator` is given lighter pages only, else empty. One query."""
    until = claim_terms(project, annotator).until
    return lighter_words(until, now) if until else ""


def opt_outs_of(project: Project, annotator: User) -> frozenset[str]:
    """The categories that `annotator` would rather not be given here, and what became of them. Two queries."""
    rows = OptOut.objects.filter(project=project, annotator=annotator).values_list("category", flat=True)
    return slugs_akin(taxonomy_current(project).version.pk, tuple(rows))


@transaction.atomic
def opt_outs_set(project: Project, annotator: User, categories: Collection[str]) -> None:
    """Opt `annotator` out of exactly these categories. Nothing is logged, and nobody is told.

    1. Pages that they hold and that are expected to show one of them go back into the queue.
    2. What they passed over while they were opted out of a category is looked at again.

    Raises BadInput for a category that the taxonomy does not have.
    """
    wanted = set(categories)
    taxonomy = taxonomy_current(project)
    if unknown := wanted - set(taxonomy.slugs):
        raise BadInput(f'There is no category "{min(unknown)}" here. Reload the page and choose again.')
    earlier = opt_outs_of(project, annotator)
    OptOut.objects.filter(project=project, annotator=annotator).exclude(category__in=wanted).delete()
    OptOut.objects.bulk_create(
        (OptOut(project=project, annotator=annotator, category=category) for category in sorted(wanted)),
        ignore_conflicts=True,
    )
    if wanted:
        held = Assignment.objects.filter(
            project=project,
            annotator=annotator,
            state=AssignmentState.OFFERED,
            expected__overlap=sorted(slugs_akin(taxonomy.version.pk, tuple(sorted(wanted)))),
        )
        assignment_release(project, annotator, list(held.values_list("pk", flat=True)))
    if (earlier & set(taxonomy.slugs)) - wanted:
        cursor_forget(project, annotator)


def why_nothing(project: Project, annotator: User, now: datetime) -> Nothing:
    """Why the queue has nothing for `annotator` at the moment. At most three queries."""
    if project.paused:
        return Nothing(
            "The project is paused",
            "Nothing is served until a lead starts it again. What you submitted is safe.",
        )
    terms = claim_terms(project, annotator)
    if terms.qualifying:
        if Lesson.objects.filter(assignment__for_annotator=annotator, assignment__project=project).exists():
            return Nothing(
                "You have been through them all",
                "In a few seconds you go on from here, with more of these pages or with ordinary ones. "
                'If there is a pause first, "What qualification is" says why, and until when.',
            )
        return Nothing(
            "Your first pages are being prepared",
            "You start on pages whose answer is known, with an explanation after each of yours. "
            "This page looks for them every few seconds.",
        )
    if terms.until is not None:
        return Nothing(
            "No lighter page is left right now",
            f"You have seen many harmful pages. {lighter_words(terms.until, now)}, and you have answered those "
            "that are open. A good moment for a break: this page looks for more every few seconds.",
        )
    if terms.avoid:
        taxonomy = taxonomy_current(project)
        names = ", ".join(taxonomy.name_of(slug) for slug in terms.avoid if slug in taxonomy.slugs)
        return Nothing(
            "Nothing is left outside your opt-outs",
            f"You have answered every page that is open to you. You are not given what is expected to show {names}. "
            "The next batch opens by itself, and this page looks for it every few seconds.",
        )
    return Nothing(
        "Nothing to label for you right now",
        "You have answered every page that is open to you. The next batch opens by itself, and this page looks "
        "for it every few seconds.",
    )


def lighter_words(until: datetime, now: datetime) -> str:
    """Until when somebody is given lighter pages, in words, and for how long: they may be far from Greenwich."""
    hours, minutes = divmod(-(-(until - now) // timedelta(minutes=1)), 60)
    left = f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return f"Lighter pages until {until:%H:%M} UTC ({left})"
