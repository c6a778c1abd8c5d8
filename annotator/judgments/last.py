"""The last answer: why its page was served, and its near-duplicates that were judged before. Only for who gave it.

Of a near-duplicate, other people's answers are shown to those alone who have judged it themselves: to anybody else it
may still be served, and they have to be blind to it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from annotator.judgments.models import Judgment
from annotator.judgments.selectors import judgments_current, judgments_own
from annotator.judgments.wording import AnswerWords, JudgmentRow, answer_words, judgment_rows, named_words
from annotator.pool.addresses import Address, UrlParts, parts_of
from annotator.pool.models import Item
from annotator.pool.signatures import NearDuplicate, near_duplicates
from annotator.projects.access import Access
from annotator.projects.selectors import Taxonomy, taxonomy_current
from annotator.queue.models import BatchItem, Stream

ALIKE_MAX: Final = 10
# Of a check no more may be told than of these. What stands here is true of all of them.
UNTOLD: Final = (
    "Not for its looks. Some pages are taken whatever they look like, to measure how well things go."
)


@dataclass(frozen=True)
class Alike:
    """A near-duplicate that the caller has judged too: their answer, and how many others gave which."""

    url: UrlParts
    percent: int
    own: AnswerWords
    others: tuple[tuple[AnswerWords, int], ...]


@dataclass(frozen=True)
class Told:
    """What a person may know of a page that they have judged."""

    why: str
    alike: tuple[Alike, ...]
    n_untold: int


@dataclass(frozen=True)
class LastAnswer:
    """One's newest judgment that stands, and what may be told now that it is given."""

    row: JudgmentRow
    told: Told


def last_answer(access: Access) -> LastAnswer | None:
    """The caller's last answer; None when they have none that stands. At most eight queries."""
    own = judgments_own(access.project, access.user).filter(item__withheld=False)
    judgment = own.select_related("item", "clause").first()
    if judgment is None:
        return None
    taxonomy = taxonomy_current(access.project)
    return LastAnswer(judgment_rows([judgment], taxonomy)[0], told_of(access, judgment, taxonomy))


def told_of(access: Access, judgment: Judgment, taxonomy: Taxonomy) -> Told:
    """What may be told of the page of a judgment of the caller's own. At most seven queries."""
    assert judgment.annotator_id == access.user.pk
    found = near_duplicates(judgment.item)
    own, others = _judged(access, [row.item for row in found])
    return Told(
        why=why_served(judgment.item_id, taxonomy),
        alike=tuple(
            _one(row, own[row.item.pk], others[row.item.pk], taxonomy) for row in found if row.item.pk in own
        )[:ALIKE_MAX],
        n_untold=sum(row.item.pk in others and row.item.pk not in own for row in found),
    )


def why_served(item_id: int, taxonomy: Taxonomy) -> str:
    """Why a page was put in the queue, in words: from its first row in the ledger that is no check. One query.

    A page that was taken at random, or that nothing but checks brought, has the same words.
    """
    rows = BatchItem.objects.filter(item_id=item_id).exclude(stream__in=[Stream.GOLD, Stream.RETEST])
    first = rows.order_by("pk").first()
    if first is None or first.stream in (Stream.EXPLORE, Stream.AUDIT) or not first.reason:
        return UNTOLD
    return _sentence(first.reason, taxonomy)


def _sentence(reason: str, taxonomy: Taxonomy) -> str:
    """A reason of the ledger with categories by name, as a sentence begins."""
    named = named_words(reason, taxonomy)
    return f"{named[:1].upper()}{named[1:]}."


def _judged(
    access: Access, items: Iterable[Item]
) -> tuple[dict[int, Judgment], defaultdict[int, list[Judgment]]]:
    """The caller's own answer on each of these items, their newest, and everybody else's. Two queries."""
    pks = [item.pk for item in items]
    own = {
        row.item_id: row for row in judgments_own(access.project, access.user).filter(item__in=pks).reverse()
    }
    others: defaultdict[int, list[Judgment]] = defaultdict(list)
    for row in judgments_current(access.project).filter(item__in=pks).exclude(annotator=access.user):
        others[row.item_id].append(row)
    return own, others


def _one(found: NearDuplicate, own: Judgment, others: Iterable[Judgment], taxonomy: Taxonomy) -> Alike:
    item = found.item
    counted = Counter(answer_words(row, taxonomy) for row in others)
    return Alike(
        url=parts_of(Address(item.url, item.host, item.registrable_domain)),
        percent=round(found.likeness * 100),
        own=answer_words(own, taxonomy),
        others=tuple(sorted(counted.items(), key=lambda pair: -pair[1])),
    )
