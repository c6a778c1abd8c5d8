"""Reading items: one page as people see it."""

from dataclasses import dataclass
from datetime import datetime

from annotator.pool.addresses import Address, UrlParts, parts_of
from annotator.pool.models import Evidence, Item


@dataclass(frozen=True)
class ItemPage:
    """One item as people see it: its address taken apart and the newest evidence. Nothing that a model said."""

    item: Item
    url: UrlParts
    title: str
    description: str
    text: str
    captured_at: datetime | None

    @property
    def inert_before(self) -> str:
        """What stands before the domain, with a scheme that no program takes for a link."""
        return self.url.before.replace("http", "hxxp", 1)

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing but the address."""
        return not (self.title or self.description or self.text)


def item_page(item: Item) -> ItemPage:
    """The item with its newest evidence. One query."""
    evidence = Evidence.objects.filter(item_id=item.pk).order_by("-version").first() or Evidence()
    return ItemPage(
        item=item,
        url=parts_of(Address(item.url, item.host, item.registrable_domain)),
        title=evidence.title,
        description=evidence.description,
        text=evidence.text,
        captured_at=evidence.captured_at,
    )
