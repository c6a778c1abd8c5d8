"""What a list of disagreements is narrowed to, in the address of each page of it."""

from urllib.parse import urlencode

from django.core.validators import slug_re
from django.http import HttpRequest

from annotator.agreement.patterns import Pattern
from annotator.review.selectors import Wanted

DIGITS_MAX = 18  # what a bigint holds for certain


def wanted_of(request: HttpRequest) -> Wanted:
    """What the list is narrowed to; a word that can be no category, or no pattern, narrows nothing."""
    category, pattern = request.GET.get("category", ""), request.GET.get("pattern", "")
    return Wanted(
        category=category if slug_re.fullmatch(category) else "",
        pattern=pattern if Pattern.parse(pattern) else "",
        held=request.GET.get("held") == "1",
    )


def id_of(value: str) -> int:
    """The id in the query of an address; 0, which no row has, for what can be none."""
    return int(value) if value.isascii() and value.isdigit() and len(value) <= DIGITS_MAX else 0


def query_of(wanted: Wanted, **more: object) -> str:
    """The end of an address that keeps the list narrowed; empty for the whole list."""
    kept = {name: value for name, value in (vars(wanted) | more).items() if value}
    return (
        f"?{urlencode({name: 1 if value is True else value for name, value in kept.items()})}" if kept else ""
    )
