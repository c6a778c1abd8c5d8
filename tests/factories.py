"""Rows for tests, each from one plain function. What a test is about, it says in the arguments."""

from collections.abc import Sequence
from hashlib import blake2b
from itertools import count
from typing import Any
from uuid import UUID

from annotator.accounts.models import User
from annotator.pool.models import Evidence, Item, Split
from annotator.projects.models import (
    Category,
    Clause,
    GuidelineVersion,
    Membership,
    Project,
    Role,
    TaxonomyVersion,
)

GAMES, GAMBLING, VIOLENCE = "games", "gambling", "violence"
CATEGORIES = (GAMES, GAMBLING, VIOLENCE)
_numbers = count(1)


def make_user(username: str = "", **columns: Any) -> User:
    """An account without a usable password; sign it in with `client.force_login`."""
    return User.objects.create_user(username or f"person{next(_numbers)}", **columns)


def make_member(project: Project, role: Role = Role.ANNOTATOR, username: str = "") -> User:
    """A new account with a role in the project."""
    user = make_user(username)
    Membership.objects.create(project=project, user=user, role=role)
    return user


def make_project(slug: str = "", *, categories: Sequence[str] = CATEGORIES, **columns: Any) -> Project:
    """A project with an admin, a taxonomy of these categories (the last has severity 3) and a guideline."""
    number = next(_numbers)
    admin = make_user(f"admin{number}")
    project = Project.objects.create(
        slug=slug or f"pilot-{number}", name="Pilot", created_by=admin, holdout_salt="salt", **columns
    )
    Membership.objects.create(project=project, user=admin, role=Role.ADMIN)
    make_taxonomy(project, categories)
    guideline = GuidelineVersion.objects.create(project=project, number=1, created_by=admin)
    Clause.objects.create(
        guideline=guideline, position=0, number="1.1", title="Judge the page", body="Only it."
    )
    return project


def make_taxonomy(project: Project, categories: Sequence[str] = CATEGORIES) -> TaxonomyVersion:
    """The next taxonomy version of the project."""
    number = TaxonomyVersion.objects.filter(project=project).count() + 1
    taxonomy = TaxonomyVersion.objects.create(project=project, number=number, created_by=project.created_by)
    for position, slug in enumerate(categories):
        Category.objects.create(
            taxonomy=taxonomy,
            position=position,
            slug=slug,
            name=slug.capitalize(),
            definition=f"Pages about {slug}.",
            severity=3 if slug == categories[-1] else 1,
            cipa=False,
            key=str(position + 1),
            terms=[slug],
        )
    return taxonomy


def make_items(
    project: Project, n: int, *, topic: str = "chess", split: Split = Split.TRAIN, **columns: Any
) -> list[Item]:
    """`n` pages about `topic`, each on a site of its own, with evidence; ids ascend."""
    items = Item.objects.bulk_create(_item(project, topic, split, columns) for _ in range(n))
    Evidence.objects.bulk_create(
        Evidence(
            item=item,
            title=f"{topic} {item.pk}",
            text=f"A page about {topic}, number {item.pk}.",
            content_hash=_hash(f"{topic} {item.pk}"),
        )
        for item in items
    )
    return items


def _item(project: Project, topic: str, split: Split, columns: dict[str, Any]) -> Item:
    number = next(_numbers)
    domain = f"{topic.replace(' ', '-')}{number}.example"
    url = f"https://www.{domain}/page"
    defaults = {
        "url": url,
        "url_hash": _hash(url),
        "raw_url": url,
        "host": f"www.{domain}",
        "registrable_domain": domain,
        "split": split,
        "shuffle": number,
    }
    return Item(project=project, **(defaults | columns))


def _hash(text: str) -> UUID:
    return UUID(bytes=blake2b(text.encode(), digest_size=16).digest())
