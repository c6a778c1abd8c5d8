"""What a restricted case holds, read for a case holder; and the cases of a project. Only case holders get here."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from annotator.errors import NotFound
from annotator.pool.addresses import Address, UrlParts, parts_of
from annotator.pool.models import Case, CaseAccess
from annotator.projects.access import Access


@dataclass(frozen=True)
class SealedEvidence:
    """One version of what the page said."""

    version: int
    title: str
    description: str
    text: str
    captured_at: str

    @property
    def is_bare(self) -> bool:
        """Whether it says nothing."""
        return not (self.title or self.description or self.text)


@dataclass(frozen=True)
class SealedPage:
    """What a case holds: text to be shown inert."""

    url: UrlParts
    raw_url: str
    source: str
    metadata: dict[str, Any]
    versions: tuple[SealedEvidence, ...]

    @property
    def inert_before(self) -> str:
        """What stands before the domain, with a scheme that no program takes for a link."""
        return self.url.before.replace("http", "hxxp", 1)


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
    """What the case holds, taken apart. Write down who looks before: see `case_look`."""
    item = case.sealed["item"]
    return SealedPage(
        url=parts_of(Address(item["url"], item["host"], item["registrable_domain"])),
        raw_url=item["raw_url"],
        source=item["source"],
        metadata=item["metadata"],
        versions=tuple(
            SealedEvidence(
                version=row["version"],
                title=row["title"],
                description=row["description"],
                text=row["text"],
                captured_at=row["captured_at"] or "",
            )
            for row in case.sealed["evidence"]
        ),
    )
