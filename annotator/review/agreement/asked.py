"""Which number on the agreement page is asked about, read from the query of an address."""

import re
from collections.abc import Mapping
from typing import Final

from annotator.agreement.periods import Period
from annotator.errors import BadInput, NotFound
from annotator.projects.access import Access
from annotator.projects.selectors import taxonomy_version
from annotator.review.agreement.items import CellWanted, judges_named
from annotator.review.models import AgreementBreakdown
from annotator.review.selectors import Unsure

NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")


def cell_asked(sent: Mapping[str, str]) -> CellWanted:
    """What the number is about; raises BadInput, naming the word, for one that is none."""
    given = {name: sent.get(name, "") for name in ("unsure", "guideline", "pair", "period")}
    unsure = given["unsure"] or Unsure.MISSING
    first, _, second = given["pair"].partition("-")
    period = Period.parse(given["period"])
    if unsure not in Unsure.values:
        raise _refused("a treatment of unsure", unsure)
    if given["guideline"] and not NUMBER.fullmatch(given["guideline"]):
        raise _refused("a guideline version", given["guideline"])
    if given["pair"] and (first == second or not all(map(NUMBER.fullmatch, (first, second)))):
        raise _refused("a pair of people", given["pair"])
    if given["period"] and period is None:
        raise _refused("a week or month", given["period"])
    return CellWanted(
        category=sent.get("category", ""),
        guideline=int(given["guideline"]) if given["guideline"] else None,
        pair=(int(first), int(second)) if given["pair"] else None,
        period=period,
        clause=_without_nul(sent.get("clause", "")),
        unsure=Unsure(unsure),
    )


def pair_named(access: Access, measured: AgreementBreakdown, wanted: CellWanted) -> dict[int, str]:
    """The names of the pair; refuses a category that the report does not have, and people who never judged here."""
    if wanted.category and wanted.category not in taxonomy_version(measured.report.taxonomy_id).slugs:
        raise BadInput(f'"{wanted.category}" is not a category of this project. Choose one under Agreement.')
    names = judges_named(access.project, wanted.pair or ())
    if len(names) < len(wanted.pair or ()):
        raise NotFound("This pair has not judged in this project. Choose one under Agreement.")
    return names


def _without_nul(clause: str) -> str:
    """PostgreSQL takes no NUL: a word that has one is no clause."""
    if "\0" in clause:
        raise _refused("a clause", clause)
    return clause


def _refused(what: str, given: str) -> BadInput:
    return BadInput(f"{given!r} is not {what}. Follow a number under Agreement.")
