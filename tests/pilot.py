"""A project with rows of every kind, so that no page and no operation has nothing to show; and one with none."""

import io
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, Final
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.agreement.rules import BulkRule
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.services import flag_add
from annotator.pool.models import Item
from annotator.pool.services import Upload, ingest_create, ingest_run
from annotator.projects.access import Can, project_for
from annotator.projects.blueprint import default_blueprint
from annotator.projects.drafts.guideline import GUIDELINE, ClauseEdit
from annotator.projects.drafts.taxonomy import TAXONOMY
from annotator.projects.mapping import Kind
from annotator.projects.models import LogEntry, Project, Role, Standing
from annotator.projects.operations import Operation
from annotator.projects.selectors import taxonomy_current
from annotator.projects.services import (
    case_holder_set,
    category_drafts,
    log_write,
    membership_set,
    project_create,
)
from annotator.queue.models import Batch, Purpose, Skip
from annotator.queue.personal import Draw, PersonalChoice, places_personal_open
from annotator.queue.places import assignment_claim, assignment_skip
from annotator.queue.rechecking import recheck_open
from annotator.queue.stopping import page_stop
from annotator.review.acts.bulks import bulk_plan
from annotator.review.agreement.reports import agreement_measure
from annotator.review.checks.gold import gold_add
from annotator.review.checks.standings import annotator_of, standing_set
from annotator.review.models import Bulk, Disagreement, Method, Question, Resolution
from annotator.review.questions.asking import QuestionDraft, question_answer, question_ask, question_write
from annotator.review.selectors import item_review, resolutions_current
from annotator.review.services import Adjudication, BasedOn, resolution_adjudicate, review_sweep
from annotator.runs import RunStatus
from learner.errors.picking import picked_of
from learner.errors.services import causes_assign, relook_ask, report_begin, report_save
from learner.evaluation.lens.services import ProfileDraft, pack_add, profile_set, usual_rule
from learner.evaluation.models import Evaluation
from learner.query.makeup import Makeup
from learner.query.models import QueryRun, ShadowRun
from learner.query.selectors import steering_of
from learner.query.services import steering_set
from learner.snapshots.services import snapshot_run_execute, snapshot_run_start
from learner.suspects.models import Suspect, SuspectRun
from learner.training.models import ClassifierVersion
from learner.webhooks.models import Attempt, Delivery, DeliveryStatus, Endpoint, Event
from learner.webhooks.services import endpoint_create, endpoint_ping
from tests.erred import make_errors
from tests.evaluated import make_evaluation
from tests.factories import (
    draft_changed,
    draft_published,
    make_batch,
    make_card,
    make_classifier,
    make_judgment,
    make_user,
)

SLUG: Final = "pilot"
PEOPLE: Final = {
    "annie": Role.ANNOTATOR,
    "bo": Role.ANNOTATOR,
    "cyd": Role.ANNOTATOR,
    "lee": Role.LEAD,
    "sam": Role.SCIENTIST,
    "ada": Role.ADMIN,
}
TOPICS: Final = (
    "casino bonus spins",
    "chess puzzles for beginners",
    "crisis line for teenagers",
    "vape shop offers",
)
LONG: Final = (
    "https://www.a-rather-long-name-of-a-site.example/" + "/".join(["deep", "er"] * 30) + "?q=" + "x" * 200
)


@dataclass(frozen=True)
class Pilot:
    """The project, its people by name, and the parts that tests name in addresses."""

    project: Project
    people: dict[str, User]
    items: Sequence[Item]
    batch: Batch
    disagreement: Disagreement
    judgment: Judgment
    bulk: Bulk
    question: Question


def make_pilot() -> Pilot:
    """The project `pilot`: an ingest, two batches, judgments, disagreements, classifiers, a snapshot. Commits."""
    people = members()
    project = make_empty(SLUG, people)
    items = _take_in(project, people["ada"])
    batch = make_batch(project, items[:16])
    make_batch(project, items[16:24])
    judgment = _judge(items, people)
    review_sweep(project)
    _adjudicate(project, people["lee"])
    question = _ask(project, people, items[0])
    _check(project, people)
    _hesitate(project, people["bo"])
    _stop(project, people["cyd"])
    agreement_measure(project)
    _learn(project, people)
    _steer(project, people["sam"], batch)
    _doubt(project)
    _err(project, people)
    _recheck(project, people["lee"])
    _draft(project, people["lee"])
    make_card(project)
    snapshot_run_execute(snapshot_run_start(project, people["sam"]).pk)
    _tell(project, people["ada"])
    disagreement = Disagreement.objects.filter(closed_at=None).latest("pk")
    bulk = _plan(project, people["lee"], disagreement)
    return Pilot(project, people, items, batch, disagreement, judgment, bulk, question)


@contextmanager
def pilot_undone() -> Iterator[Pilot]:
    """The pilot project for all tests of a module, which undo what they do; at the end it has never been."""
    with transaction.atomic():
        yield make_pilot()
        transaction.set_rollback(True)
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)


def members() -> dict[str, User]:
    """Their accounts; the admin may also make projects."""
    return {name: make_user(name, is_superuser=role == Role.ADMIN) for name, role in PEOPLE.items()}


def make_empty(slug: str, people: dict[str, User]) -> Project:
    """A project as its admin finds it just after creating it, and these people in it."""
    blueprint = replace(default_blueprint(), slug=slug, name=slug.capitalize())
    project = project_create(blueprint, by=people["ada"])
    for name, user in people.items():
        if name != "ada":
            membership_set(project, user.username, PEOPLE[name], by=people["ada"])
    case_holder_set(project, "lee", holds=True, by=people["ada"])
    return project


def _take_in(project: Project, by: User) -> list[Item]:
    rows = [f"https://site{n}.example/{n},{TOPICS[n % 4]} {n},All about {TOPICS[n % 4]}." for n in range(40)]
    rows += [f"{LONG},A long address,", "ftp://files.example/,No page,", "https://,Nothing,"]
    upload = Upload("pages.csv", io.BytesIO("\n".join(["url,title,text", *rows]).encode()))
    ingest_run(ingest_create(project, upload, by=by).pk)
    return list(Item.objects.filter(project=project).order_by("pk"))


def _judge(items: Sequence[Item], people: dict[str, User]) -> Judgment:
    answers: list[tuple[list[str], ...]] = [(["gambling"],) * 2, (["games"],) * 2, ([],) * 2] * 3
    answers += [(["gambling"], ["games"], ["shopping"]), (["drugs"], [], ["shopping"])]
    for item, labels in zip(items, answers, strict=False):
        for name, given in zip(people, labels, strict=False):
            make_judgment(item, people[name], given)
            review_sweep(item.project)  # opens the third place where two differ
    make_judgment(
        items[12], people["annie"], verdict=Verdict.UNREACHABLE, note="Only a spinner, even after a minute."
    )
    return make_judgment(items[13], people["annie"], ["games"], unsure=["gambling"])


def _adjudicate(project: Project, lead: User) -> None:
    access = project_for(lead, project.slug, Can.RESOLVE)
    first = Disagreement.objects.filter(project=project).earliest("pk")
    review = item_review(project, first.item_id)
    resolution_adjudicate(
        access,
        first.item_id,
        adjudication=Adjudication(frozenset({"gambling"}), Verdict.LABELLED, "It offers bets for money."),
        based_on=BasedOn(frozenset(judgment.pk for judgment in review.judgments), None),
    )


def _tell(project: Project, admin: User) -> None:
    """A webhook that failed for a while: one delivery was given up, one was taken, one waits."""
    address = f"https://receiver.example/{'hooks/' * 20}"
    endpoint, _ = endpoint_create(project, address, list(Event.values), by=admin, note="The warehouse")
    Endpoint.objects.filter(pk=endpoint.pk).update(failures=2, failing_since=timezone.now())
    for status in DeliveryStatus:
        delivery = endpoint_ping(endpoint)
        Delivery.objects.filter(pk=delivery.pk).update(status=status, attempts=1, next_at=timezone.now())
        problem = "" if status == DeliveryStatus.DONE else "It answered 503."
        answer = "<script>alert(1)</script> " + "busy" * 100
        Attempt.objects.create(
            delivery=delivery, seconds=0.4, status=503 if problem else 200, answer=answer, problem=problem
        )
        if status == DeliveryStatus.PENDING:
            Delivery.objects.filter(pk=delivery.pk).update(event="batch.opened", subject=1)


def _plan(project: Project, lead: User, disagreement: Disagreement) -> Bulk:
    """A rule for the pattern of a disagreement, whose spot check waits."""
    access = project_for(lead, project.slug, Can.RESOLVE)
    rule = BulkRule(present=frozenset({"shopping"}), absent=frozenset({"drugs"}))
    return bulk_plan(access, disagreement.pattern, rule, client_id=uuid4())


def _ask(project: Project, people: dict[str, User], item: Item) -> Question:
    """A question to annie and bo, which bo has answered and annie has not; the lead wrote to annie once more."""
    lead = project_for(people["lee"], project.slug, Can.RESOLVE)
    draft = QuestionDraft(
        "Are the spins for money?\nWhich clause says so?", category="gambling", clause_number="1.1"
    )
    question = question_ask(lead, item.pk, draft, client_id=uuid4())
    bo = project_for(people["bo"], project.slug, Can.LABEL)
    question_answer(bo, question.pk, text="It wants a card number.", decision="stay", client_id=uuid4())
    question_write(lead, question.pk, "annie", text="Take your time.", client_id=uuid4())
    return question


def _check(project: Project, people: dict[str, User]) -> None:
    """Gold; one person who missed some of it and was warned; one who answered a page otherwise when it came again."""
    lead = project_for(people["lee"], project.slug, Can.RESOLVE)
    agreed = list(resolutions_current(project).filter(method=Method.UNANIMOUS).order_by("pk")[:3])
    for resolution in agreed:
        gold_add(lead, resolution.item_id, "Nobody could take it for anything else.", clause_number="1.1")
    for name, purpose in (("cyd", Purpose.GOLD), ("annie", Purpose.RETEST)):
        choices = [PersonalChoice(row.item_id, frozenset(row.labels), None) for row in agreed]
        draw = Draw("a test", "a test asks for it", pool_size=len(agreed), seed=1)
        places_personal_open(project, people[name], purpose, choices, draw=draw)
        for row in agreed:
            make_judgment(row.item, people[name], ["games"], purpose=purpose, fast=True)
    standing_set(annotator_of(project, people["cyd"].pk), Standing.WARNED, "1 of 3 checks were right")


def _hesitate(project: Project, user: User) -> None:
    place = assignment_claim(project, user)
    assert place is not None
    flag_add(project_for(user, project.slug, Can.LABEL), place.pk, "Is this still a game?")
    assignment_skip(project, user, place.pk, Skip.Reason.UNCLEAR)


def _stop(project: Project, user: User) -> None:
    place = assignment_claim(project, user)
    assert place is not None
    page_stop(project_for(user, project.slug, Can.LABEL), place.pk)


def _learn(project: Project, people: dict[str, User]) -> None:
    make_classifier(project)
    newest = make_classifier(project, learned=("games", "gambling"))
    _evaluate(newest, people["sam"])
    QueryRun.objects.create(
        project=project,
        reason="next batch due: 18 free places",
        seed=1,
        status=RunStatus.FAILED,
        error="The artifact of classifier v2 is missing.",
    )
    log_write(project, "query", "The artifact of classifier v2 is missing.", level=LogEntry.Level.ERROR)


def _steer(project: Project, scientist: User, batch: Batch) -> None:
    """Settings that a scientist set, the query that opened a batch by them, and a comparison with the next ones."""
    access = project_for(scientist, project.slug, Can.STEER)
    in_use = replace(steering_of(project), batch_size=80, weights={"self-harm": 3.0})
    version = steering_set(access, in_use, based_on=0, note="Self-Harm is thin")
    phases = {"classifier": 0.1, "load": 0.4, "mask": 0.2, "score": 0.9, "select": 0.1, "open": 0.2}
    asked: dict[str, Any] = {"classifier_number": 2, "status": RunStatus.DONE, "finished_at": timezone.now()}
    QueryRun.objects.create(
        project=project,
        reason="next batch due: 18 free places",
        seed=2,
        pool_size=1_204_311,
        phases=phases,
        steering=version,
        strategy=in_use.strategy,
        batch=batch,
        **asked,
    )
    made = Makeup(80, 61, 2, 12, 0.31, {"query": 60, "rare": 20}, {"rare_category": 20}, {"gambling": 31})
    alone = [
        {"item": item, "stream": "query", "reason": "close to the threshold of gambling"}
        for item in Item.objects.filter(project=project).values_list("pk", flat=True)[:3]
    ]
    ShadowRun.objects.create(
        project=project,
        asked_by=scientist,
        seed=3,
        base=version.number,
        in_use=asdict(in_use),
        candidate=asdict(replace(in_use, strategy="rare_category")),
        result={
            "in_use": asdict(made),
            "candidate": asdict(replace(made, distance=None, harmful=30)),
            "shared": 41,
            "only_in_use": alone,
            "only_candidate": alone[:1],
        },
        **asked,
    )


def _doubt(project: Project) -> None:
    """Two suspects: one held to be absent, with evidence of every kind, and one held to be present."""
    run = SuspectRun.objects.create(
        project=project, status=RunStatus.DONE, finished_at=timezone.now(), n_items=8
    )
    held = resolutions_current(project).filter(method=Method.UNANIMOUS).order_by("pk")[:3]
    for resolution, compared in pairwise(held):
        Suspect.objects.create(
            project=project,
            run=run,
            item=resolution.item,
            resolution=resolution,
            category="gambling",
            present="gambling" in resolution.labels,
            doubt=0.93,
            rank=2.79,
            probability=0.93,
            duplicates=3,
            duplicates_against=2,
            pages=1_200,
            pages_against=1_100,
            against=[compared.item_id],
        )


def _err(project: Project, people: dict[str, User]) -> None:
    """False alarms of games on all pages that are resolved without it, one of them with a cause; and a report."""
    evaluation = Evaluation.objects.filter(project=project).latest("pk")
    held = resolutions_current(project).filter(verdict=Verdict.LABELLED).select_related("item").order_by("pk")
    errors = make_errors(evaluation, [row for row in held if "games" not in row.labels])
    access = project_for(people["sam"], project.slug, Can.INSPECT)
    picked = picked_of(project, [errors[0].pk], None)
    causes_assign(
        access, picked, "guideline", "Nobody could say from the guideline whether a bonus is a game."
    )
    report = report_begin(access, evaluation.classifier, "Casinos taken for games", "games")
    written = {"summary": "# Short\n\nCasinos are taken for **games**.", "why": "", "done": "", "open": ""}
    report_save(access, report, written, based_on=1)
    relook_ask(project_for(people["lee"], project.slug, Can.RESOLVE), picked, report)


def _draft(project: Project, lead: User) -> None:
    """The next guideline in the making: a clause said differently, which a gold item names, and a new one."""
    said = ClauseEdit("save", number="1.1", title="Judge the page", body="Judge what it shows.")
    new = ClauseEdit("add", category="gambling", title="Free spins", body="A bonus is a stake.")
    for edit in (said, new):
        draft_changed(GUIDELINE, project, edit, by=lead)
    _draft_taxonomy(project, lead)


def _evaluate(version: ClassifierVersion, scientist: User) -> None:
    """What schools do, what must not be blocked, and an evaluation that measured both."""
    access = project_for(scientist, version.project.slug, Can.STEER)
    for name in ("elementary", "middle"):
        rules = [usual_rule(name, category) for category in access.taxonomy.categories]
        profile_set(access, ProfileDraft(name, rules, 50_000, "To begin with", 0))
    items = list(Item.objects.filter(project=version.project).order_by("pk")[:12])
    pack_add(access, "health", [item.pk for item in items[:3]], "From the school nurses")
    make_evaluation(version, items, last_resolution=Resolution.objects.latest("pk").pk)


def _recheck(project: Project, lead: User) -> None:
    """A category was said differently, and the pages that show it are looked at again."""
    gambling = next(row for row in category_drafts(taxonomy_current(project)) if row.slug == "gambling")
    changed = replace(gambling, definition=f"{gambling.definition} Loot boxes too.")
    operation = Operation(Kind.CHANGE, ("gambling",), (changed,))
    draft_changed(TAXONOMY, project, operation, by=lead)
    draft_published(TAXONOMY, project, note="Loot boxes are stakes")
    shown = resolutions_current(project).filter(labels__contains=["gambling"])
    recheck_open(project, shown.values_list("item", flat=True), by=lead, reason="Loot boxes are stakes")


def _draft_taxonomy(project: Project, lead: User) -> None:
    """A category said differently, and one split."""
    by_slug = {category.slug: category for category in category_drafts(taxonomy_current(project))}
    shopping, games = by_slug["shopping"], by_slug["games"]
    renamed = replace(shopping, name="Shops and auctions", definition=f"{shopping.definition} Auctions too.")
    parts = [
        replace(games, slug=slug, name=slug.capitalize(), key="", terms=()) for slug in ("board", "video")
    ]
    draft_changed(TAXONOMY, project, Operation(Kind.RENAME, ("shopping",), (renamed,)), by=lead)
    draft_changed(TAXONOMY, project, Operation(Kind.SPLIT, ("games",), tuple(parts)), by=lead)
