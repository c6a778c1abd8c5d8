"""The pages that a lead reads on a large project, and what a lead does there. Import it once CROSSGUARD_HOME is set."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import quote
from uuid import uuid4

from django.db.models import Count

from annotator.accounts.models import User
from annotator.agreement.rules import BulkRule
from annotator.judgments.models import Judgment
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.drafts.guideline import GUIDELINE, ClauseEdit, guideline_drafting_of
from annotator.projects.drafts.services import draft_change, draft_publish
from annotator.projects.drafts.taxonomy import TAXONOMY, taxonomy_drafting_of
from annotator.projects.mapping import Kind
from annotator.projects.operations import Operation
from annotator.projects.selectors import taxonomy_current
from annotator.projects.services import category_drafts
from annotator.queue.rechecking import recheck_open
from annotator.review.acts.bulk_acts import bulk_apply
from annotator.review.acts.bulks import bulk_answer, bulk_items, bulk_plan
from annotator.review.acts.reverting import entry_revert
from annotator.review.citing import impact_of
from annotator.review.desk.leases import lease_next
from annotator.review.desk.patterns import patterns_open
from annotator.review.models import AdjudicationEntry, Bulk, Disagreement

RULED: Final = "either:gambling.games"
Act = Callable[[], str]


def lead() -> User:
    """Who does it all."""
    return User.objects.get(username="lead")


def access_of(person: User, slug: str) -> Access:
    """Their access."""
    return project_for(person, slug, Can.RESOLVE)


def pages_before(access: Access) -> list[tuple[str, str]]:
    """Name and path below the project of each page that is read while the policy is as it was."""
    project = access.project
    disputed = Disagreement.objects.filter(project=project, closed_at__isnull=True).order_by("pk")
    first = disputed.first()
    assert first is not None
    cited = Judgment.objects.filter(project=project, clause__isnull=False).values("clause__number")
    (most,) = cited.annotate(n=Count("pk")).order_by("-n")[:1]
    person = Judgment.objects.filter(project=project).earliest("pk").annotator_id
    pattern = patterns_open(project, taxonomy_current(project))[0].key
    return [
        ("overview", ""),
        ("agreement", "agreement/"),
        ("agreement, a category", "agreement/?category=games&coefficient=ac1"),
        ("agreement, the items of a cell", "agreement/items/?category=games"),
        ("agreement, the items of a clause", f"agreement/items/?clause={quote(most['clause__number'])}"),
        ("disagreements and patterns", "disagreements/"),
        ("disagreements of a pattern", f"disagreements/?pattern={quote(pattern)}"),
        ("disagreements, last page", "disagreements/?page=999999"),
        ("the next disagreement", "disagreements/next/"),
        ("the next one of a pattern", f"disagreements/next/?pattern={quote(pattern)}"),
        ("an item in dispute", f"items/{first.item_id}/review/"),
        ("pages like it", f"items/{first.item_id}/alike/"),
        ("people", "people/"),
        ("a person", f"people/{person}/"),
        ("suspects", "suspects/"),
        ("suspects of a category", "suspects/?category=games"),
        ("gold", "gold/"),
        ("items that cite a clause", f"guideline/cited/?clause={quote(most['clause__number'])}"),
        ("policy", "policy/"),
    ]


def drafts(access: Access) -> list[tuple[str, Act, str]]:
    """A draft that grows, and the page that says what it touches."""
    return [
        ("what a draft touches: a common category", lambda: _rename(access), "taxonomy/draft/impact/"),
        ("what a draft touches: every category", lambda: _change_all(access), "taxonomy/draft/impact/"),
        ("what a draft touches: every clause", lambda: _reword(access), "guideline/draft/impact/"),
    ]


def acts(access: Access, rechecked: int) -> list[tuple[str, Act]]:
    """In this order."""
    return [
        ("the next disagreement, leased", lambda: _next(access)),
        (f"plan a rule for {RULED}", lambda: _plan(access)),
        ("apply it", lambda: _apply(access)),
        ("undo it", lambda: _undo(access)),
        ("publish the taxonomy", lambda: _publish_taxonomy(access)),
        ("publish the guideline", lambda: _publish_guideline(access)),
        (f"recheck of {rechecked:,} items", lambda: _recheck(access, rechecked)),
    ]


def pages_after(access: Access) -> list[tuple[str, str]]:
    """As `pages_before`, once there are new versions, a bulk and a recheck."""
    bulk = Bulk.objects.filter(project=access.project).latest("pk")
    return [
        ("policy with a recheck", "policy/"),
        ("rechecks, what the newest versions touched", "rechecks/"),
        ("the bulk", f"bulks/{bulk.pk}/"),
        ("adjudications", "adjudications/"),
        ("disagreements and patterns, afterwards", "disagreements/"),
    ]


def _next(access: Access) -> str:
    row = lease_next(access)
    return f"disagreement {row.pk}" if row else "none"


def _rename(access: Access) -> str:
    named = Judgment.objects.filter(project=access.project, labels__len=1).values("labels")
    (most,) = named.annotate(n=Count("pk")).order_by("-n")[:1]
    slug = most["labels"][0]
    drafting = taxonomy_drafting_of(access.project)
    (category,) = (row for row in category_drafts(drafting.base) if row.slug == slug)
    renamed = replace(category, slug=f"{slug}-renamed", name="Renamed")
    _operate(access, Operation(Kind.RENAME, (slug,), (renamed,)))
    return slug


def _change_all(access: Access) -> str:
    drafting = taxonomy_drafting_of(access.project)
    there = {row.slug: row for row in drafting.categories}
    for slug in drafting.base.slugs:
        if slug in there:
            changed = replace(there[slug], definition=f"{there[slug].definition} Said anew.")
            _operate(access, Operation(Kind.CHANGE, (slug,), (changed,)))
    return f"{len(taxonomy_drafting_of(access.project).operations)} operations"


def _operate(access: Access, operation: Operation) -> None:
    drafting = taxonomy_drafting_of(access.project)
    draft_change(TAXONOMY, access.project, by=access.user, revision=drafting.revision, change=operation)


def _reword(access: Access) -> str:
    for clause in guideline_drafting_of(access.project).clauses:
        edit = ClauseEdit("save", clause.number, title=clause.title, body=f"{clause.body} Said anew.")
        revision = guideline_drafting_of(access.project).revision
        draft_change(GUIDELINE, access.project, by=access.user, revision=revision, change=edit)
    impact = impact_of(
        access.project, [clause.number for clause in guideline_drafting_of(access.project).clauses]
    )
    return f"{impact.n_judgments:,} judgments"


def _plan(access: Access) -> str:
    rule = BulkRule(frozenset({"games"}), frozenset({"gambling"}))
    bulk = bulk_plan(access, RULED, rule, client_id=uuid4())
    return f"{bulk_items(bulk).count():,} items of {bulk.n_waiting:,} that wait"


def _apply(access: Access) -> str:
    bulk = Bulk.objects.filter(project=access.project).latest("pk")
    for row in bulk_items(bulk).filter(drawn__isnull=False):
        bulk_answer(access, bulk.pk, row.item_id, is_confirmed=True)
    done = bulk_apply(access, bulk.pk, reason="Played for points.", clause_number="", client_id=uuid4())
    return f"{done.entry.n_items:,} items, {len(done.left):,} left"


def _undo(access: Access) -> str:
    entry = AdjudicationEntry.objects.filter(project=access.project).latest("pk")
    done = entry_revert(access, entry.pk, client_id=uuid4())
    return f"{done.entry.n_items:,} items"


def _publish_taxonomy(access: Access) -> str:
    drafting = taxonomy_drafting_of(access.project)
    note = "Everything said anew"
    version = draft_publish(TAXONOMY, access.project, by=access.user, revision=drafting.revision, note=note)
    return str(version)


def _publish_guideline(access: Access) -> str:
    revision, note = guideline_drafting_of(access.project).revision, "Clauses said anew"
    return str(draft_publish(GUIDELINE, access.project, by=access.user, revision=revision, note=note))


def _recheck(access: Access, count: int) -> str:
    items = Item.objects.filter(project=access.project).order_by("pk").values_list("pk", flat=True)[:count]
    recheck = recheck_open(access.project, list(items), by=access.user, reason="Everything was said anew")
    return f"{recheck.batch.n_items:,} items"
