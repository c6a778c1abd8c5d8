"""Rows for tests, each from one plain function. What a test is about, it says in the arguments."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from annotator.accounts.models import User
from annotator.judgments.models import Judgment, ReviewDue, Verdict
from annotator.pool.cleaning import content_hash
from annotator.pool.models import Evidence, Item, Split
from annotator.pool.pages import PageText
from annotator.projects.blueprint import CategoryDraft
from annotator.projects.drafts.services import Made, Subject, draft_change, draft_publish, drafting_of
from annotator.projects.drafts.taxonomy import TAXONOMY
from annotator.projects.mapping import Kind
from annotator.projects.models import (
    Category,
    Clause,
    Draft,
    GuidelineVersion,
    Membership,
    Project,
    Role,
    TaxonomyVersion,
    Version,
)
from annotator.projects.operations import Operation
from annotator.queue.models import Assignment, AssignmentState, Batch, Purpose, Stream
from annotator.queue.personal import Draw, PersonalChoice, places_personal_open
from annotator.queue.services import BatchChoice, batch_open
from annotator.review.models import Method, Resolution
from annotator.runs import RunStatus
from learner.core.cards.sections import SECTIONS
from learner.core.recipe import RECIPE
from learner.core.waves import AuditDesign
from learner.query.models import AuditChance, AuditWave, QueryRun
from learner.snapshots.models import CardSection
from learner.training.models import ClassifierVersion, TrainingRun

GAMES, GAMBLING, VIOLENCE = "games", "gambling", "violence"
CATEGORIES = (GAMES, GAMBLING, VIOLENCE)
_numbers = count(1)


def make_user(username: str = "", **columns: Any) -> User:
    """An account without a usable password; sign it in with `client.force_login`."""
    return User.objects.create_user(username or f"person{next(_numbers)}", **columns)


def make_member(project: Project, role: Role = Role.ANNOTATOR, username: str = "") -> User:
    """A new account with a role in the project."""
    user = make_user(username)
    Membership.objects.create(project=project, user=user, role=role)
    return user


def make_project(
    slug: str = "", *, categories: Sequence[str] = CATEGORIES, described: bool = True, **columns: Any
) -> Project:
    """A project with an admin, a taxonomy of these categories (the last has severity 3) and a guideline.

    `described` when people wrote their sections of the data card.
    """
    number = next(_numbers)
    admin = make_user(f"admin{number}")
    project = Project.objects.create(
        slug=slug or f"pilot-{number}", name="Pilot", created_by=admin, holdout_salt="salt", **columns
    )
    Membership.objects.create(project=project, user=admin, role=Role.ADMIN)
    make_taxonomy(project, categories)
    guideline = GuidelineVersion.objects.create(project=project, number=1, created_by=admin)
    Clause.objects.create(
        guideline=guideline, position=0, number="1.1", title="Judge the page", body="Only it."
    )
    if described:
        make_card(project)
    return project


def make_card(project: Project) -> list[CardSection]:
    """The first version of every section of the data card that a snapshot waits for, long ago."""
    return CardSection.objects.bulk_create(
        CardSection(
            project=project,
            section=section.slug,
            number=1,
            text=f"About {section.title.lower()}.",
            created_at=datetime(2024, 1, 1, tzinfo=UTC),
            created_by=project.created_by,
        )
        for section in SECTIONS
        if section.required
    )


def make_taxonomy(project: Project, categories: Sequence[str] = CATEGORIES) -> TaxonomyVersion:
    """The next taxonomy version of the project."""
    number = TaxonomyVersion.objects.filter(project=project).count() + 1
    taxonomy = TaxonomyVersion.objects.create(project=project, number=number, created_by=project.created_by)
    for position, slug in enumerate(categories):
        Category.objects.create(
            taxonomy=taxonomy,
            position=position,
            slug=slug,
            name=slug.capitalize(),
            definition=f"Pages about {slug}.",
            severity=3 if slug == categories[-1] else 1,
            cipa=False,
            key=str(position + 1),
            terms=[slug],
        )
    return taxonomy


def category_draft(slug: str, **columns: Any) -> CategoryDraft:
    """A category for the next taxonomy; without a key."""
    defaults = {"name": slug.capitalize(), "definition": f"Pages about {slug}.", "severity": 1}
    return CategoryDraft(
        slug=slug, **{"cipa": False, "key": "", "recall_floor": None, "terms": (), **defaults, **columns}
    )


def split_into(source: str, *parts: str) -> Operation:
    """To split a category into these."""
    return Operation(Kind.SPLIT, (source,), tuple(map(category_draft, parts)))


def merge_into(target: str, *sources: str) -> Operation:
    """To merge these categories into one."""
    return Operation(Kind.MERGE, sources, (category_draft(target),))


def publish_operations(project: Project, *operations: Operation) -> TaxonomyVersion:
    """The next taxonomy version, made by these operations from a draft of its own."""
    for operation in operations:
        draft_changed(TAXONOMY, project, operation)
    version = draft_published(TAXONOMY, project)
    assert isinstance(version, TaxonomyVersion)
    return version


def draft_changed(
    subject: Subject[Any, Made], project: Project, change: Made, *, by: User | None = None
) -> Draft:
    """The draft with one change, made by somebody who sees it as it is."""
    revision = drafting_of(subject, project).revision
    return draft_change(subject, project, by=by or project.created_by, revision=revision, change=change)


def draft_published(
    subject: Subject[Any, Any], project: Project, note: str = "A test asks for it"
) -> Version:
    """The version that the draft becomes."""
    revision = drafting_of(subject, project).revision
    return draft_publish(subject, project, by=project.created_by, revision=revision, note=note)


def make_items(
    project: Project, n: int, *, topic: str = "chess", split: Split = Split.TRAIN, **columns: Any
) -> list[Item]:
    """`n` pages about `topic`, each on a site of its own, with evidence; ids ascend."""
    items = Item.objects.bulk_create(_item(project, topic, split, columns) for _ in range(n))
    Evidence.objects.bulk_create(_evidence(item, topic) for item in items)
    return items


def make_batch(project: Project, items: Sequence[Item]) -> Batch:
    """An open batch of these items, at random, with the project's overlap of free places on each."""
    seed = next(_numbers)
    return batch_open(
        project,
        [
            BatchChoice(
                item_id=item.pk,
                stream=Stream.EXPLORE,
                strategy="random",
                score=None,
                reason="drawn at random",
                classifier_number=None,
                pool_size=len(items),
                inclusion_probability=1.0,
                seed=seed,
            )
            for item in items
        ],
        fingerprint=f"fingerprint {seed}",
        reason="a test asks for it",
        seed=seed,
        classifier_number=None,
        pool_size=len(items),
    )


def make_wave(batch: Batch, chances: Mapping[int, float]) -> AuditWave:
    """The wave that drew the items of this batch: the chance of each, by its id."""
    wave = AuditWave.objects.create(
        project=batch.project,
        number=next(_numbers),
        run=QueryRun.objects.create(project=batch.project, status=RunStatus.DONE, batch=batch, seed=1),
        batch=batch,
        n_drawn=len(chances),
        n_available=len(chances),
        n_holdout=len(chances),
        threshold=1.0,
        design=AuditDesign(1).as_json(),
        path="",
        sha256="",
    )
    AuditChance.objects.bulk_create(
        AuditChance(project=batch.project, item_id=item_id, wave=wave, chance=chance)
        for item_id, chance in chances.items()
    )
    return wave


def make_personal(item: Item, annotator: User, purpose: Purpose, labels: Sequence[str] = ()) -> Assignment:
    """A free gold, retest or qualification place on the item, for this person alone."""
    choice = PersonalChoice(item_id=item.pk, labels=frozenset(labels), inclusion_probability=None)
    draw = Draw(strategy="drawn", reason="a test asks for it", pool_size=1, seed=next(_numbers))
    places_personal_open(item.project, annotator, purpose, [choice], draw=draw)
    return Assignment.objects.get(item=item, for_annotator=annotator, purpose=purpose)


def make_judgment(item: Item, annotator: User, labels: Sequence[str] = (), **columns: Any) -> Judgment:
    """A judgment on the first free place of the item, with its outbox row; late when every place is taken.

    `supersedes` makes it an edit or, with the verdict `withdrawn`, an undo, which gives the place back to them.
    """
    earlier: Judgment | None = columns.get("supersedes")
    places = Assignment.objects.filter(item=item).order_by("place")
    place = earlier.assignment if earlier else places.filter(state=AssignmentState.FREE).first()
    late = place is None or (earlier is not None and earlier.late)
    if place is not None and not late:
        _occupy(place, annotator, is_undo=columns.get("verdict") == Verdict.WITHDRAWN)
    ReviewDue.objects.create(project=item.project, item=item)
    defaults = {
        "taxonomy": TaxonomyVersion.objects.filter(project=item.project).latest("number"),
        "guideline": GuidelineVersion.objects.filter(project=item.project).latest("number"),
        "late": late,
        "client_id": uuid4(),
        "seconds": 4.0,
    }
    return Judgment.objects.create(
        project=item.project,
        item=item,
        annotator=annotator,
        assignment=place or places.latest("place"),
        labels=sorted(labels),
        **(defaults | columns),
    )


def _occupy(place: Assignment, annotator: User, *, is_undo: bool) -> None:
    now = timezone.now()
    place.annotator = annotator
    place.state = AssignmentState.OFFERED if is_undo else AssignmentState.SUBMITTED
    place.submitted_at = None if is_undo else now
    place.lease_until = now + timedelta(hours=1) if is_undo else None
    place.save()


def make_resolution(item: Item, labels: Sequence[str] = (), **columns: Any) -> Resolution:
    """The label set held true for the item, as if all judgments agreed; `supersedes` corrects an earlier one."""
    defaults = {
        "method": Method.UNANIMOUS,
        "taxonomy": TaxonomyVersion.objects.filter(project=item.project).latest("number"),
    }
    return Resolution.objects.create(
        project=item.project, item=item, labels=sorted(labels), **(defaults | columns)
    )


def make_classifier(
    project: Project,
    *,
    learned: Sequence[str] = (GAMES,),
    last_resolution: int = 0,
    n_resolutions: int = 10,
    recipe: str = RECIPE,
) -> ClassifierVersion:
    """The next classifier version, as if trained on these resolutions; it has no artifact in the storage."""
    taxonomy = TaxonomyVersion.objects.filter(project=project).latest("number")
    number = ClassifierVersion.objects.filter(project=project).count() + 1
    run = TrainingRun.objects.create(
        project=project, reason="retrain due: a test asks for it", seed=1, status=RunStatus.DONE
    )
    slugs = Category.objects.filter(taxonomy=taxonomy).values_list("slug", flat=True)
    return ClassifierVersion.objects.create(
        project=project,
        number=number,
        training_run=run,
        taxonomy=taxonomy,
        fingerprint=f"fingerprint {number}",
        artifact=f"classifiers/v{number}.npz",
        sha256="0" * 64,
        size=2048,
        recipe=recipe,
        n_resolutions=n_resolutions,
        n_known=0,
        last_resolution=last_resolution,
        categories=[
            {
                "category": slug,
                "learned": slug in learned,
                "reason": "" if slug in learned else "not learned yet: 2 positives, 5 needed",
                "n_positive": 6 if slug in learned else 2,
                "n_negative": 4,
                "n_sites": 10,
                "threshold": 0.4 if slug in learned else None,
                "f1": 0.8 if slug in learned else None,
            }
            for slug in slugs
        ],
    )


def _evidence(item: Item, topic: str) -> Evidence:
    page = PageText(f"{topic} {item.pk}", "", f"A page about {topic}, number {item.pk}: {_own_words(item)}.")
    return Evidence(item=item, title=page.title, text=page.text, content_hash=content_hash(page))


def _own_words(item: Item) -> str:
    """Three words that no other page has: whatever its number, no page repeats another."""
    letters = item.url_hash.hex.translate(str.maketrans("0123456789", "ghijklmnop"))
    return f"{letters[:8]} {letters[8:16]} {letters[16:24]}"


def _item(project: Project, topic: str, split: Split, columns: dict[str, Any]) -> Item:
    number = next(_numbers)
    domain = f"{topic.replace(' ', '-')}{number}.example"
    url = f"https://www.{domain}/page"
    defaults = {
        "url": url,
        "url_hash": _hash(url),
        "raw_url": url,
        "host": f"www.{domain}",
        "registrable_domain": domain,
        "split": split,
        "shuffle": number,
    }
    return Item(project=project, **(defaults | columns))


def _hash(text: str) -> UUID:
    return UUID(bytes=blake2b(text.encode(), digest_size=16).digest())
