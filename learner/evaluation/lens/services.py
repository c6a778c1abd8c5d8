"""Setting school profiles, and putting pages into the over-block pack. Both are append-only."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from annotator.errors import BadInput, Conflict
from annotator.pool.addresses import AddressRefused, canonical
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Category, Project
from annotator.projects.selectors import Taxonomy
from annotator.projects.services import log_write
from learner.core.metrics.policy import Action, Objective
from learner.core.pack import LIMIT_MAX, PACKS, QUOTA_MAX
from learner.evaluation.models import PackMember, PackRule, ProfileRule, ProfileVersion
from learner.evaluation.packs import pack_members, packs_asked
from learner.evaluation.profiles import profile_latest, rules_of

SITE_MAX = 200
PACK_MAX = 2_000
LINES_MAX = 500


@dataclass(frozen=True)
class RuleDraft:
    """What one profile is to do with one category."""

    category: str
    action: str
    objective: str
    threshold: float | None
    recall_floor: float | None
    cost_miss: float
    cost_block: float
    exception: str


@dataclass(frozen=True)
class ProfileDraft:
    """The next version of a profile; `based_on` is the number of the one that was changed, 0 for none."""

    name: str
    rules: Sequence[RuleDraft]
    pages_a_day: int | None
    note: str
    based_on: int


def usual_rule(name: str, category: Category) -> RuleDraft:
    """What a profile does with a category until somebody says otherwise: the younger the pupils, the more it blocks."""
    blocks_from = {"elementary": 1, "middle": 2, "high": 3}[name]
    blocked = category.cipa or category.severity >= blocks_from
    action = (
        Action.BLOCK if blocked else Action.WARN if category.severity == blocks_from - 1 else Action.ALLOW
    )
    if not category.severity and not blocked:
        action = Action.ALLOW
    return RuleDraft(
        category=category.slug,
        action=action,
        objective=Objective.RECALL if category.recall_floor else Objective.OWN,
        threshold=None,
        recall_floor=category.recall_floor,
        cost_miss=float(1 + 3 * category.severity),
        cost_block=1.0,
        exception="",
    )


def rules_shown(access: Access, name: str, latest: ProfileVersion | None) -> list[RuleDraft]:
    """The rules in use, and the usual ones for categories that have none."""
    kept = {rule.category: rule for rule in rules_of(latest)} if latest else {}
    return [
        RuleDraft(
            rule.category,
            rule.action,
            rule.objective,
            rule.threshold,
            rule.recall_floor,
            rule.cost_miss,
            rule.cost_block,
            rule.exception,
        )
        if (rule := kept.get(category.slug))
        else usual_rule(name, category)
        for category in access.taxonomy.categories
    ]


def rule_problems(
    rules: Sequence[RuleDraft], before: dict[str, ProfileRule], taxonomy: Taxonomy
) -> dict[str, str]:
    """Field -> what cannot be and what to do. The database refuses what gets by."""
    problems: dict[str, str] = {}
    categories = {category.slug: category for category in taxonomy.categories}
    for rule in rules:
        if rule.objective == Objective.FIXED and rule.threshold is None:
            problems[f"threshold-{rule.category}"] = (
                "A threshold set by hand needs a probability from 0 to 1."
            )
        if rule.objective == Objective.RECALL and rule.recall_floor is None:
            problems[f"recall_floor-{rule.category}"] = "To go by recall needs a floor from 0 to 1."
        if not categories[rule.category].cipa or rule.exception.strip():
            continue
        if rule.action != Action.BLOCK:
            problems[f"action-{rule.category}"] = (
                "CIPA obliges schools to block it. To do otherwise, give the reason as an exception."
            )
        least = _floor_before(categories[rule.category], before.get(rule.category))
        if (rule.recall_floor or 0) < least:
            problems[f"recall_floor-{rule.category}"] = (
                f"CIPA obliges schools to block it, and its floor is {least:g}. To lower it, give the reason as an "
                "exception."
            )
    return problems


@transaction.atomic
def profile_set(access: Access, draft: ProfileDraft) -> ProfileVersion:
    """The next version of a profile with a rule for each category; thresholds follow from it at once.

    Raises BadInput that names what cannot be; Conflict when somebody has set another version than `based_on`.
    """
    project = Project.objects.select_for_update().get(pk=access.project.pk)
    latest = profile_latest(project, draft.name)
    number = latest.number if latest else 0
    if number != draft.based_on:
        raise Conflict(
            f"{latest.set_by.username if latest else 'Somebody'} changed this profile meanwhile. Look at it, then set "
            "yours again.",
            details={"number": number},
        )
    before = {rule.category: rule for rule in rules_of(latest)} if latest else {}
    if problems := rule_problems(draft.rules, before, access.taxonomy):
        raise BadInput(" ".join(problems.values()), details=problems)
    version = ProfileVersion.objects.create(
        project=project,
        name=draft.name,
        number=number + 1,
        pages_a_day=draft.pages_a_day,
        note=draft.note,
        set_by=access.user,
    )
    for rule in draft.rules:
        ProfileRule.objects.create(
            profile=version,
            category=rule.category,
            action=rule.action,
            objective=rule.objective,
            threshold=rule.threshold if rule.objective == Objective.FIXED else None,
            recall_floor=rule.recall_floor,
            cost_miss=rule.cost_miss,
            cost_block=rule.cost_block,
            exception=rule.exception.strip(),
        )
    excepted = [rule.category for rule in draft.rules if rule.exception.strip()]
    text = f"{access.user.username} set the {version}"
    log_write(
        project, "evaluation", text + (f", with exceptions for {', '.join(excepted)}" if excepted else "")
    )
    return version


def pack_ids(project: Project, lines: Sequence[str]) -> tuple[list[int], list[str]]:
    """The items that the lines name, an address or a domain each (at most 200 of a site), and the lines of none.

    Raises BadInput for more than 500 lines.
    """
    if len(lines) > LINES_MAX:
        raise BadInput(f"{len(lines)} lines are more than {LINES_MAX}. Add them in parts.")
    found: list[int] = []
    unknown: list[str] = []
    items = Item.objects.filter(project=project, withheld=False).order_by("pk")
    for line in lines:
        try:
            address = canonical(line)
        except AddressRefused:
            unknown.append(line)
            continue
        of_site = items.filter(registrable_domain=address.registrable_domain)
        wanted = of_site.filter(url=address.url) if "/" in line else of_site
        ids = list(wanted.values_list("pk", flat=True)[:SITE_MAX])
        found += ids
        if not ids:
            unknown.append(line)
    return found, unknown


@transaction.atomic
def pack_add(access: Access, pack: str, item_ids: Sequence[int], note: str = "") -> int:
    """Put pages into a pack; how many were not in it yet. Raises BadInput for an unknown or a full pack."""
    _check_pack(pack)
    project = Project.objects.select_for_update().get(pk=access.project.pk)
    inside = set(pack_members(project)[pack])
    there = Item.objects.filter(project=project, withheld=False, pk__in=item_ids).values_list("pk", flat=True)
    new = sorted(set(there) - inside)
    if len(inside) + len(new) > PACK_MAX:
        raise BadInput(
            f"{PACKS[pack]} would have {len(inside) + len(new):,} pages; {PACK_MAX:,} is the most."
        )
    PackMember.objects.bulk_create(
        PackMember(project=project, pack=pack, item_id=pk, inside=True, note=note, by=access.user)
        for pk in new
    )
    if new:
        text = f"{access.user.username} put {len(new):,} pages into {PACKS[pack]}"
        log_write(project, "evaluation", text)
    return len(new)


@transaction.atomic
def pack_remove(access: Access, pack: str, item_id: int) -> bool:
    """Take a page out of a pack; False if it was not in it."""
    _check_pack(pack)
    project = Project.objects.select_for_update().get(pk=access.project.pk)
    if item_id not in pack_members(project)[pack]:
        return False
    PackMember.objects.create(project=project, pack=pack, item_id=item_id, inside=False, by=access.user)
    log_write(project, "evaluation", f"{access.user.username} took item {item_id} out of {PACKS[pack]}")
    return True


@transaction.atomic
def pack_rule_set(
    access: Access, pack: str, *, limit: float, quota: int, based_on: int, note: str = ""
) -> PackRule:
    """What is asked of a slice from now on.

    Raises BadInput for an unknown slice, a limit or a quota out of range, or one that is asked already; Conflict when
    somebody else set it since version `based_on`.
    """
    _check_pack(pack)
    if not 0 < limit <= LIMIT_MAX:
        raise BadInput(f"The limit is over 0 and at most {LIMIT_MAX:.0%} of the pages, not {limit:.2%}.")
    if not 0 <= quota <= QUOTA_MAX:
        raise BadInput(f"The quota is 0 to {QUOTA_MAX} pages with each batch, not {quota}.")
    project = Project.objects.select_for_update().get(pk=access.project.pk)
    asked = packs_asked(project)[pack]
    if asked.number != based_on:
        raise Conflict(
            f"Somebody changed what is asked of {PACKS[pack]} meanwhile. Look again, then set yours."
        )
    if (asked.limit, asked.quota) == (limit, quota):
        raise BadInput(f"This is what is asked of {PACKS[pack]} already. Change something, or leave it.")
    row = PackRule.objects.create(
        project=project,
        pack=pack,
        number=based_on + 1,
        limit=limit,
        quota=quota,
        note=note,
        set_by=access.user,
    )
    said = f"at most {limit:.2%} of {PACKS[pack]} flagged by mistake, {quota} audited with each batch"
    log_write(project, "evaluation", f"{access.user.username} asks: {said}")
    return row


def _check_pack(pack: str) -> None:
    if pack not in PACKS:
        raise BadInput(f'There is no pack "{pack[:40]}"; there are {", ".join(PACKS)}.')


def _floor_before(category: Category, rule: ProfileRule | None) -> float:
    """The floor that must not be lowered: of the taxonomy, or of the version before where that is higher."""
    return max(category.recall_floor or 0.0, (rule.recall_floor or 0.0) if rule else 0.0)
