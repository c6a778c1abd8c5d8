"""What the demo has decided on release: school profiles as usual, and pages that must not be over-blocked."""

from collections.abc import Mapping
from typing import Final

from annotator.pool.models import Item
from annotator.projects.access import Access
from learner.demo.corpus import DemoPage
from learner.evaluation.lens.services import ProfileDraft, pack_add, profile_set, usual_rule
from learner.evaluation.models import ProfileVersion

PACK_OF: Final = {
    "sex education / adult content": "sex-education",
    "sexual health / adult content": "health",
    "crisis help / self-harm": "recovery-crisis",
    "recovery / drugs": "recovery-crisis",
    "news on violence / violence": "news-violence",
    "security lesson / phishing": "security-education",
    "network lesson / proxy": "security-education",
    "history of war / violence": "reference",
}
EACH: Final = 40
"""Pages of a slice: an afternoon of a person who collects them."""


def profiles_fill(scientist: Access) -> None:
    """Set each school profile to what is usual for it."""
    for name in ProfileVersion.Name.values:
        rules = [usual_rule(name, category) for category in scientist.taxonomy.categories]
        profile_set(scientist, ProfileDraft(name, rules, None, "As usual for its age.", 0))


def packs_fill(scientist: Access, truth: Mapping[str, DemoPage]) -> None:
    """Put look-alikes, by what they are mistaken for, into slices of the over-block pack. Two queries for each."""
    for pack in dict.fromkeys(PACK_OF.values()):
        urls = [url for url, page in truth.items() if PACK_OF.get(page.hard_pair or "") == pack]
        items = Item.objects.filter(project=scientist.project, url__in=urls).order_by("pk")
        pack_add(scientist, pack, list(items.values_list("pk", flat=True)[:EACH]), "Collected for the demo.")
