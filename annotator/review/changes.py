"""What has changed on an item since somebody looked at it: nothing is decided on what is no longer so."""

from collections.abc import Sequence, Set

from annotator.errors import Conflict
from annotator.judgments.models import Verdict
from annotator.projects.selectors import Taxonomy
from annotator.review.models import Resolution
from annotator.review.standing import Standing

SHOWN_MAX = 200


def changes_since(
    standing: Standing, taxonomy: Taxonomy, *, judgments: Set[int], resolution: int | None
) -> tuple[str, ...]:
    """What is otherwise than the lead saw it, a few words each; empty when nothing is. No query.

    They saw the judgments with these ids, and this resolution as the newest.
    """
    now = {judgment.pk: judgment for judgment in standing.judgments}
    changes = [
        f"{now[pk].annotator.username} judged it: {_answer(now[pk].verdict, now[pk].labels, taxonomy)}"
        for pk in sorted(now.keys() - judgments)
    ]
    gone = len(judgments - now.keys())
    if gone:
        changes.append(f"{gone} judgment{'s were' if gone > 1 else ' was'} changed or withdrawn")
    newest = standing.resolution
    if newest is not None and newest.pk != resolution:
        changes.append(_resolution_words(newest, taxonomy))
    if not changes and newest is None and resolution is not None:
        changes.append("its resolution is not the one you saw")
    return tuple(changes)


def check_unchanged(
    standing: Standing, taxonomy: Taxonomy, *, judgments: Set[int], resolution: int | None
) -> None:
    """Raise Conflict, naming what changed, unless the lead saw what counts now."""
    changes = changes_since(standing, taxonomy, judgments=judgments, resolution=resolution)
    if not changes:
        return
    raise Conflict(
        f"Item {standing.item_id} has changed since you opened it: {'; '.join(changes)}. Look again, then decide.",
        details={
            "judgments": sorted(judgment.pk for judgment in standing.judgments),
            "resolution": standing.resolution.pk if standing.resolution else None,
            "changes": list(changes),
        },
    )


def _resolution_words(resolution: Resolution, taxonomy: Taxonomy) -> str:
    by = resolution.resolved_by.username if resolution.resolved_by else "the rule"
    said = f"{by} wrote: {resolution.get_method_display()}"
    if resolution.verdict == Verdict.WITHDRAWN:
        return said
    answer = _answer(resolution.verdict, resolution.labels, taxonomy)
    reason = resolution.reason[:SHOWN_MAX]
    return f"{said}, {answer}" + (f" (“{reason}”)" if reason and resolution.resolved_by else "")


def _answer(verdict: str, labels: Sequence[str], taxonomy: Taxonomy) -> str:
    if verdict != Verdict.LABELLED:
        return str(Verdict(verdict).label)
    return ", ".join(map(taxonomy.name_of, labels)) or "none of these"
