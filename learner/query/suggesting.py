"""Asking a language model about a few candidates of a category that has few positives. For workers only.

What leaves the house is bounded here: the defanged address, title and some text of train items in the pool, at most
`LLM_ITEMS_A_RUN` a run and `LLM_REQUESTS_A_DAY` a day. Nothing waits for it, and a failure ends the run.
"""

import heapq
import json
from typing import Final

import httpx
import numpy as np
from django.conf import settings
from django.db.models import F
from scipy.sparse import csr_matrix

from annotator.pool.addresses import Address, parts_of
from annotator.pool.models import Item, Split
from annotator.projects.models import Category
from annotator.projects.selectors import Taxonomy, severe_ever, taxonomy_current
from annotator.projects.services import log_write
from annotator.runs import run_claim, run_done
from learner.core.arrays import Booleans, Floats
from learner.core.artifact import artifact_read
from learner.core.chat import PROMPT, Asked, content_of, messages_of, score_in
from learner.core.classifier import LinearClassifier
from learner.core.strategies import PLAUSIBLE
from learner.query.files import file_read
from learner.query.models import Suggestion, SuggestionRun
from learner.query.pages import pages_of
from learner.query.running import run_worked
from learner.query.selectors import steering_of
from learner.query.shards import shards_load
from learner.query.suggestions import is_configured, is_on, request_take
from learner.query.ways import available_in, way_of

SECONDS: Final = 10.0
ANSWER_MAX: Final = 65_536
SPARE: Final = 4
"""Times as many likely items are looked at as may be asked about: some may not be sent."""
TOKENS_MAX: Final = 30


class NoAnswer(Exception):
    """The endpoint did not answer as it should."""


def suggestion_run_execute(run_id: int) -> None:
    """Ask about the likeliest candidates, one after the other, until one request fails or the bound is reached."""
    run = run_claim(SuggestionRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "query", "Asking for suggestions"):
        category = _category(run)
        run_done(run, stage=_asked(run, category) if category is not None else "switched off")
        run.refresh_from_db(fields=["n_requests", "n_dropped", "n_failed"])
        kept = run.n_requests - run.n_dropped - run.n_failed
        if run.n_requests:
            text = f"{run.language_model} was asked about {run.n_requests} pages for {run.category}: {kept} scores"
            log_write(run.project, "query", f"{text}, {run.n_dropped} dropped, {run.n_failed} failed")


def _category(run: SuggestionRun) -> Category | None:
    """The category, if it may still be asked about: configured, switched on, in the taxonomy, and not a gravest one."""
    taxonomy = taxonomy_current(run.project)
    if not is_configured() or not is_on(run.project) or run.category in severe_ever(run.project):
        return None
    return next((one for one in taxonomy.categories if one.slug == run.category), None)


def _asked(run: SuggestionRun, category: Category) -> str:
    """Ask, and keep what was answered; how it ended, in words."""
    n_asked = 0
    with httpx.Client(timeout=SECONDS, follow_redirects=False) as client:
        for item_id in _candidates(run):
            asked = _sendable(run, category, item_id)
            if asked is None:
                continue
            if n_asked >= settings.LLM_ITEMS_A_RUN:
                break
            if not is_on(run.project):
                return "switched off"
            if not request_take(run):
                return "as many requests as a day may have"
            n_asked += 1
            try:
                _keep(run, item_id, score_in(_reply(client, run.language_model, asked)))
            except NoAnswer as error:
                _count(run, "n_failed")
                return f"stopped: {error}"
    return "done"


def _keep(run: SuggestionRun, item_id: int, score: float | None) -> None:
    """The suggestion, as it came; a reply without a score is counted."""
    if score is None:
        _count(run, "n_dropped")
        return
    Suggestion.objects.create(
        project=run.project,
        run=run,
        item_id=item_id,
        category=run.category,
        score=score,
        language_model=run.language_model,
        prompt=PROMPT,
    )


def _count(run: SuggestionRun, column: str) -> None:
    SuggestionRun.objects.filter(pk=run.pk).update(**{column: F(column) + 1})


def _reply(client: httpx.Client, model: str, asked: Asked) -> object:
    """The text of the reply; raises NoAnswer, which says nothing of the key or the page."""
    body = {"model": model, "messages": messages_of(asked), "temperature": 0, "max_tokens": TOKENS_MAX}
    headers = {"Authorization": f"Bearer {settings.LLM_KEY}"} if settings.LLM_KEY else {}
    url = f"{settings.LLM_URL.rstrip('/')}/chat/completions"
    try:
        with client.stream("POST", url, json=body, headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                raise NoAnswer(f"HTTP {response.status_code}")
            return content_of(json.loads(_bounded(response)))
    except ValueError:
        return None  # no JSON: dropped, as a reply without a score is
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoAnswer(type(error).__name__) from error


def _bounded(response: httpx.Response) -> bytes:
    """The body; raises ValueError when it is longer than an answer can be."""
    body = b""
    for part in response.iter_bytes():
        body += part
        if len(body) > ANSWER_MAX:
            raise ValueError("the answer is too long")
    return body


def _candidates(run: SuggestionRun) -> list[int]:
    """Ids of the items that are likest to the category's definition and examples, best first.

    Train items of the pool alone, that were not asked about before, and that are not likely to be grave: neither by the
    classifier nor because they are more like the definition of a gravest category.
    """
    taxonomy = taxonomy_current(run.project)
    definitions = way_of(run.project, None, steering_of(run.project), 0).model.definitions
    assert definitions is not None  # a way has them, before any classifier too
    fitted = _fitted(run)
    before = set(
        Suggestion.objects.filter(
            project=run.project, category=run.category, prompt=PROMPT, language_model=run.language_model
        ).values_list("item_id", flat=True)
    )
    n_wanted = SPARE * settings.LLM_ITEMS_A_RUN
    found: list[tuple[float, int]] = []
    for shard in shards_load(run.project):
        rows = np.flatnonzero(available_in(run.project, shard) & ~shard.holdout)
        features = csr_matrix(shard.features[rows])
        likeness = np.asarray((features @ definitions.T).toarray(), dtype=np.float64)
        own = likeness[:, taxonomy.slugs.index(run.category)]
        kept = (own > 0) & ~_like_grave(likeness, own, taxonomy) & ~_expected_grave(run, features, fitted)
        items = shard.item_ids[rows]
        new = [
            (float(own[at]), -int(items[at])) for at in np.flatnonzero(kept) if int(items[at]) not in before
        ]
        found = heapq.nlargest(n_wanted, [*found, *new])
    return [-negated for _, negated in found]


def _like_grave(likeness: Floats, own: Floats, taxonomy: Taxonomy) -> Booleans:
    grave = [at for at, slug in enumerate(taxonomy.slugs) if slug in taxonomy.severe]
    return np.asarray(likeness[:, grave].max(axis=1, initial=0.0) >= own, dtype=np.bool_)


def _fitted(run: SuggestionRun) -> LinearClassifier | None:
    if not run.artifact:
        return None
    return artifact_read(file_read(run.artifact, run.artifact_sha256), run.artifact_sha256).classifier


def _expected_grave(run: SuggestionRun, features: csr_matrix, fitted: LinearClassifier | None) -> Booleans:
    """Which rows the classifier holds at all plausible for a gravest category; none before the first classifier."""
    if fitted is None:
        return np.zeros(features.shape[0], dtype=np.bool_)
    severe = severe_ever(run.project)
    grave = [at for at, slug in enumerate(fitted.categories) if slug in severe and fitted.learned[at]]
    plausible = fitted.predict_proba(features)[:, grave] >= PLAUSIBLE
    return np.asarray(plausible.any(axis=1), dtype=np.bool_)


def _sendable(run: SuggestionRun, category: Category, item_id: int) -> Asked | None:
    """What may be sent of an item, read at the last moment; None when it may not. At most two queries."""
    item = Item.objects.filter(
        pk=item_id, project=run.project, withheld=False, pooled=True, split=Split.TRAIN
    ).first()
    if item is None or severe_ever(run.project) & set(item.known_labels or ()):
        return None
    (page,) = pages_of([item])
    address = parts_of(Address(item.url, item.host, item.registrable_domain)).defanged
    return Asked(category.name, category.definition, address, page.title, page.text)
