"""Pages that a scientist named as examples of a category: what is known of them; none is opened. For workers only."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from annotator.pool.addresses import Address, AddressRefused, canonical
from annotator.pool.cleaning import split_of, url_hash
from annotator.pool.models import Item, Split
from annotator.projects.models import Project
from learner.core.features import PageText
from learner.query.pages import pages_of


def examples_of(project: Project, named: Mapping[str, Sequence[str]]) -> dict[str, tuple[PageText, ...]]:
    """The pages of each category: with title and text where the project has them, else by their address alone.

    At most two queries. Left out are withheld pages, pages of holdout sites, and what is no address any more.
    """
    wanted = {slug: _addresses(project, given) for slug, given in named.items()}
    pages = {url_hash(address): _page(address) for given in wanted.values() for address in given}
    items = list(Item.objects.filter(project=project, url_hash__in=list(pages))) if pages else []
    gone = {item.url_hash.hex for item in items if item.withheld}
    seen = [item for item in items if not item.withheld]
    pages |= {item.url_hash.hex: page for item, page in zip(seen, pages_of(seen), strict=True)}
    return {
        slug: tuple(pages[key] for key in map(url_hash, given) if key not in gone)
        for slug, given in wanted.items()
    }


def _addresses(project: Project, given: Sequence[str]) -> list[Address]:
    addresses = []
    for text in given:
        with suppress(AddressRefused):
            address = canonical(text)
            if (
                split_of(address.registrable_domain, project.holdout_salt, project.holdout_percent)
                == Split.TRAIN
            ):
                addresses.append(address)
    return addresses


def _page(address: Address) -> PageText:
    return PageText(address.url, address.host, address.registrable_domain, "", "", "")
