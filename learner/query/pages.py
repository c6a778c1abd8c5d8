"""What is known of items, and their features: read from their rows. For workers only."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix, vstack

from annotator.pool.models import Evidence, Item, Split
from annotator.projects.models import Project
from learner.core.features import PageText, featurise
from learner.core.keys import domain_key
from learner.core.shards import Shard, content_key


def features_of(project: Project, item_ids: Sequence[int]) -> csr_matrix:
    """The features of a few items, computed anew, rows in the order of their ids. Two queries."""
    return shard_part(project, item_ids).features


def shard_part(project: Project, item_ids: Sequence[int]) -> Shard:
    """These items of the project with their features, by id, as a shard that is not stored. Two queries."""
    columns = ("url", "host", "registrable_domain", "split")
    items = list(Item.objects.filter(project=project, pk__in=item_ids).only(*columns).order_by("pk"))
    pages = pages_of(items)
    return Shard(
        item_ids=np.array([item.pk for item in items], dtype=np.int64),
        holdout=np.array([item.split == Split.HOLDOUT for item in items], dtype=np.bool_),
        domains=np.array([domain_key(item.registrable_domain) for item in items], dtype=np.int64),
        contents=np.array([content_key(page) for page in pages], dtype=np.int64),
        features=featurise(pages),
    )


def pages_of(items: Sequence[Item]) -> list[PageText]:
    """What is known of these items, in their order. One query."""
    evidence = Evidence.objects.filter(item__in=[item.pk for item in items]).order_by("version")
    newest = {row.item_id: row for row in evidence}
    nothing = Evidence()
    return [
        PageText(
            url=item.url,
            host=item.host,
            registrable_domain=item.registrable_domain,
            title=newest.get(item.pk, nothing).title,
            description=newest.get(item.pk, nothing).description,
            text=newest.get(item.pk, nothing).text,
        )
        for item in items
    ]


def shards_joined(parts: Sequence[Shard]) -> Shard:
    """One shard of several whose items ascend from one to the next."""
    return Shard(
        item_ids=np.concatenate([part.item_ids for part in parts]),
        holdout=np.concatenate([part.holdout for part in parts]),
        domains=np.concatenate([part.domains for part in parts]),
        contents=np.concatenate([part.contents for part in parts]),
        features=csr_matrix(vstack([part.features for part in parts], format="csr")),
    )
