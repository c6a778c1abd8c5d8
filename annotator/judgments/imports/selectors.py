"""Reading imports: how far each is, what waits to be mapped, and what was refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Min, QuerySet

from annotator.errors import NotFound
from annotator.interchange.formats import FORMATS, Format
from annotator.interchange.neutral import TEXT, TITLE, URL
from annotator.judgments.imports.looking import field_guess
from annotator.judgments.imports.mapping import IGNORE, NONE, FileMapping, label_guess
from annotator.judgments.models import JudgmentImport, RefusedJudgment
from annotator.projects.models import Membership, Project
from annotator.projects.selectors import Taxonomy
from annotator.runs import RunStatus

SHOWN_PEOPLE: Final = 100
OPENS: Final = ("=", "+", "-", "@")


@dataclass(frozen=True)
class NameChoice:
    """A label or a person of the file, how often it comes, and what it most likely is here."""

    name: str
    n: int
    guess: str


@dataclass(frozen=True)
class FieldChoice:
    """What is wanted of a page, and the field that most likely holds it."""

    name: str
    label: str
    guess: str


@dataclass(frozen=True)
class RefusedLine:
    """One reason, how often it came, and the first time."""

    reason: str
    n: int
    first: RefusedJudgment


@dataclass(frozen=True)
class MappingPage:
    """What a lead is asked about a file: `more_people` are those beyond the ones that are shown."""

    labels: tuple[NameChoice, ...]
    people: tuple[NameChoice, ...]
    more_people: int
    fields: tuple[FieldChoice, ...]
    field_names: tuple[str, ...]
    members: tuple[str, ...]
    has_address: bool


def imports_of(project: Project) -> QuerySet[JudgmentImport]:
    """The imports of a project, newest first. One query."""
    return JudgmentImport.objects.filter(project=project).select_related("created_by").order_by("-pk")


def import_of(project: Project, pk: int) -> JudgmentImport:
    """One import; raises NotFound for another project's. One query."""
    run = imports_of(project).filter(pk=pk).first()
    if run is None:
        raise NotFound(f"There is no import {pk} in this project.")
    return run


def format_named(run: JudgmentImport) -> Format:
    """The format of its file."""
    return FORMATS[run.format]


def waits_for_mapping(run: JudgmentImport) -> bool:
    """Whether a lead has to say what its labels and people are."""
    return run.phase == JudgmentImport.Phase.MAPPING and run.status == RunStatus.DONE


def mapping_page(run: JudgmentImport, taxonomy: Taxonomy) -> MappingPage:
    """What the lead is asked, filled in as far as it can be guessed. Three queries."""
    found: dict[str, Any] = run.found
    members = tuple(
        Membership.objects.filter(project=run.project)
        .order_by("user__username")
        .values_list("user__username", flat=True)
    )
    by_name = {name.casefold(): name for name in members}
    people = [
        NameChoice(name, n, by_name.get(name.casefold(), "")) for name, n in _ordered(found["annotators"])
    ]
    wanted = ((URL, "Address"), (TITLE, "Title"), (TEXT, "Text"))
    return MappingPage(
        labels=tuple(
            NameChoice(name, n, label_guess(name, taxonomy)) for name, n in _ordered(found["labels"])
        ),
        people=tuple(people[:SHOWN_PEOPLE]),
        more_people=max(0, len(people) - SHOWN_PEOPLE),
        fields=tuple(FieldChoice(name, label, field_guess(found, name)) for name, label in wanted),
        field_names=tuple(found["fields"]),
        members=members,
        has_address=bool(found["addresses"]),
    )


def annotators_before(project: Project) -> dict[str, int]:
    """The account that each name of a file has had in the project's imports so far, the newest first. One query."""
    people: dict[str, int] = {}
    earlier = JudgmentImport.objects.filter(project=project).exclude(mapping={}).order_by("pk")
    for mapping in earlier.values_list("mapping", flat=True):
        people |= FileMapping.of(mapping).annotators
    return people


def refused_of(run: JudgmentImport) -> QuerySet[RefusedJudgment]:
    """What was refused, in the order of the file. One query."""
    return RefusedJudgment.objects.filter(run=run).order_by("line", "pk")


def refused_lines(run: JudgmentImport) -> list[RefusedLine]:
    """What was refused, by reason, the most frequent first. Two queries."""
    groups = list(
        RefusedJudgment.objects.filter(run=run)
        .values("reason")
        .annotate(n=Count("pk"), first=Min("pk"))
        .order_by("-n", "reason")
    )
    firsts = RefusedJudgment.objects.in_bulk([group["first"] for group in groups])
    return [RefusedLine(group["reason"], group["n"], firsts[group["first"]]) for group in groups]


def refused_cells(run: JudgmentImport) -> Iterator[tuple[str, str, str, str]]:
    """What was refused as cells of a table, header first; none of them is a formula to a spreadsheet."""
    yield "line", "reason", "detail", "value"
    for row in refused_of(run).iterator(chunk_size=5_000):
        yield str(row.line), row.reason, _inert(row.detail), _inert(row.value)


def _ordered(counts: dict[str, int]) -> list[tuple[str, int]]:
    # PostgreSQL keeps the keys of an object in an order of its own.
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(OPENS) else cell


CHOICES_BESIDE: Final = ((NONE, "None of these"), (IGNORE, "Leave this label out"))
