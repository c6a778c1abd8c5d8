"""What a restricted case holds, read for a case holder; and the cases of a project. Only case holders get here."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from annotator.errors import NotFound
from annotator.pool.inert import inert
from annotator.pool.models import Case, CaseAccess
from annotator.projects.access import Access


@dataclass(frozen=True)
class SealedEvidence:
    """One version of what the page said, inert."""

    version: int
    title: SafeString
    description: SafeString
    text: SafeString
    captured_at: str


@dataclass(frozen=True)
class SealedPage:
    """What a case holds, inert: nothing in it acts, and no address is one that a program takes for a link."""

    address: SafeString
    address_as_it_came: SafeString
    source: SafeString
    metadata: tuple[tuple[SafeString, SafeString], ...]
    versions: tuple[SealedEvidence, ...]


def cases_of(access: Access) -> QuerySet[Case]:
    """The cases of the project, newest first; what they hold is not read. One query."""
    rows = Case.objects.filter(project=access.project).select_related("opened_by", "closed_by")
    return rows.defer("sealed").order_by("-number")


def case_of(access: Access, number: int) -> Case:
    """One case by its number; what it holds is not read. Raises NotFound. One query."""
    case = cases_of(access).filter(number=number).first()
    if case is None:
        raise NotFound(f"This project has no case {number}.")
    return case


def accesses_of(case: Case) -> QuerySet[CaseAccess]:
    """Who did what to the case, newest first. One query."""
    return CaseAccess.objects.filter(case=case).select_related("user").order_by("-pk")


def sealed_page(case: Case) -> SealedPage:
    """What the case holds. Write down who looks before: see `case_look`."""
    item = case.sealed["item"]
    return SealedPage(
        address=_defanged(item["url"]),
        address_as_it_came=_defanged(item["raw_url"]),
        source=inert(item["source"]),
        metadata=tuple((inert(name), inert(str(value))) for name, value in sorted(item["metadata"].items())),
        versions=tuple(_version(row) for row in case.sealed["evidence"]),
    )


def _version(row: dict[str, Any]) -> SealedEvidence:
    return SealedEvidence(
        version=row["version"],
        title=inert(row["title"]),
        description=inert(row["description"]),
        text=inert(row["text"]),
        captured_at=row["captured_at"] or "",
    )


def _defanged(address: str) -> SafeString:
    return inert(address.replace("://", "[://]", 1).replace(".", "[.]"))
