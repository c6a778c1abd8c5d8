"""What was judged and what is held true, in the neutral form, for files of other tools."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from django.db.models import Exists, OuterRef, Q

from annotator.accounts.models import User
from annotator.errors import NotFound
from annotator.interchange.formats import OUTPUTS, Output
from annotator.interchange.neutral import TEXT, TITLE, URL, ForeignJudgment, Page
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgments_current
from annotator.pool.models import Evidence, Item
from annotator.projects.access import LEADS, Access
from annotator.projects.models import Project
from annotator.projects.pseudonyms import pseudonym
from annotator.projects.selectors import Taxonomy, carried, taxonomy_current
from annotator.review.models import Resolution
from annotator.review.selectors import resolutions_current

CHUNK: Final = 1_000
Named = Callable[[User], str]


def output_of(slug: str) -> Output:
    """A format that can be written; raises NotFound for any other."""
    if slug not in OUTPUTS:
        raise NotFound(f'There is no format "{slug}" to export. There are: {", ".join(OUTPUTS)}.')
    return OUTPUTS[slug]


def output_lines(access: Access, output: Output) -> Iterator[bytes]:
    """The project as it is now in this format, piece by piece: a thousand items are held at a time.

    People go by name to leads and admins, by their stable pseudonym to everybody else.
    """
    project, taxonomy = access.project, taxonomy_current(access.project)

    def named(user: User) -> str:
        return user.username if access.role in LEADS else pseudonym(project, user.pk)

    return output.write(_pages(project, taxonomy, named), taxonomy.slugs)


def _pages(project: Project, taxonomy: Taxonomy, named: Named) -> Iterator[Page]:
    """Each item that somebody has judged or that is resolved, by id; withheld ones left out. Four queries a chunk."""
    judged = Exists(judgments_current(project).filter(item=OuterRef("pk")))
    resolved = Exists(resolutions_current(project).filter(item=OuterRef("pk")))
    items = Item.objects.filter(judged | Q(resolved), project=project, withheld=False).order_by("pk")
    after = 0
    while chunk := list(items.filter(pk__gt=after)[:CHUNK]):
        yield from _chunk(project, taxonomy, chunk, named)
        after = chunk[-1].pk


def _chunk(project: Project, taxonomy: Taxonomy, items: Sequence[Item], named: Named) -> Iterator[Page]:
    evidence = {
        row.item_id: row
        for row in Evidence.objects.filter(item__in=items).order_by("item", "-version").distinct("item")
    }
    judgments: dict[int, list[ForeignJudgment]] = defaultdict(list)
    rows = judgments_current(project).filter(item__in=items).select_related("annotator").order_by("pk")
    for row in rows:
        judgments[row.item_id].append(_judgment(row, taxonomy, named))
    held = {
        row.item_id: _carried(row, taxonomy)[0]
        for row in resolutions_current(project).filter(item__in=items, verdict=Verdict.LABELLED)
    }
    for item in items:
        seen = evidence.get(item.pk)
        fields = {URL: item.url, TITLE: seen.title if seen else "", TEXT: seen.text if seen else ""}
        yield Page(item.pk, fields, tuple(judgments[item.pk]), held.get(item.pk))


def _judgment(row: Judgment, taxonomy: Taxonomy, named: Named) -> ForeignJudgment:
    labels, unsure = _carried(row, taxonomy)
    return ForeignJudgment(
        annotator=named(row.annotator),
        labels=labels,
        unsure=unsure,
        verdict=row.verdict,
        given_at=row.given_at or (None if row.imported_id else row.created_at),
        seconds=row.seconds,
        comment=row.note,
    )


def _carried(row: Judgment | Resolution, taxonomy: Taxonomy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The labels and the unsure ones in the words of the newest taxonomy."""
    unsure = tuple(row.unsure) if isinstance(row, Judgment) else ()
    found = carried(tuple(row.labels), unsure, row.taxonomy_id, taxonomy.version.pk)
    return tuple(sorted(found.labels)), tuple(sorted(found.unsure))
