"""Blueprints: a project with its taxonomy and guideline as one YAML or JSON file."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final

from annotator.errors import BadInput
from annotator.projects.fields import Fields
from annotator.projects.loop_settings import LoopSettings, settings_read
from annotator.projects.strict_text import Format, strict_text_read

KEYS: Final = "123456789qwertyuiopasdhjklzxcvnm"
"""Keys a category can have, in the order in which they are handed out; what comes after has none and is searched."""
CATEGORIES_MAX: Final = 200
RESERVED_KEYS: Final = {"0": "none of these", "f": "flag", "g": "guideline", "b": "reveal or hide"}
MAX_TERM: Final = 60
SHOWN_PROBLEMS: Final = 3


@dataclass(frozen=True, slots=True)
class CategoryDraft:
    """One category before it belongs to a taxonomy version."""

    slug: str
    name: str
    definition: str
    severity: int
    cipa: bool
    key: str
    recall_floor: float | None
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClauseDraft:
    """One numbered instruction in Markdown; `category` is a slug, or empty for a clause about all."""

    number: str
    category: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Everything that a new project needs, checked."""

    slug: str
    name: str
    description: str
    categories: tuple[CategoryDraft, ...]
    clauses: tuple[ClauseDraft, ...]
    settings: LoopSettings = field(default_factory=LoopSettings)


@cache
def default_blueprint() -> Blueprint:
    """The K-12 blueprint that ships with Crossguard: sixteen categories and their guideline."""
    shipped = files("annotator.projects").joinpath("defaults/k12.yaml")
    return blueprint_read(shipped.read_text("utf-8"), "yaml")


def blueprint_read(text: str, text_format: Format) -> Blueprint:
    """The blueprint in `text`, with every field checked.

    Raises
    ------
    BadInput
        Something is wrong. The message names the first problems, `details["problems"]` all of them; each says
        which field, its value, and what to write instead.
    TooLarge
        The text has more than a million characters.
    """
    problems: list[str] = []
    top = Fields(strict_text_read(text, text_format), where="", problems=problems)
    if problems:
        raise BadInput(_summary(problems), code="bad_blueprint", details={"problems": problems})
    project = top.nested("project")
    blueprint = Blueprint(
        slug=project.slug("slug", limit=50),
        name=project.text("name", limit=120),
        description=project.text("description", limit=5000, default=""),
        settings=settings_read(project),
        categories=_categories(top, problems),
        clauses=_clauses(top, problems),
    )
    project.refuse_others()
    top.refuse_others()
    problems += _contradictions(blueprint)
    if problems:
        raise BadInput(_summary(problems), code="bad_blueprint", details={"problems": problems})
    return blueprint


def _categories(top: Fields, problems: list[str]) -> tuple[CategoryDraft, ...]:
    entries = top.entries("categories")
    if not entries:
        top.complain("categories", "is missing or empty; a project needs at least one category")
    if len(entries) > CATEGORIES_MAX:
        top.complain("categories", f"has {len(entries)} entries; at most {CATEGORIES_MAX}, so merge some")
    read = [
        Fields(entry, where=f"categories[{position}]", problems=problems)
        for position, entry in enumerate(entries, 1)
    ]
    keys = [_key(fields) for fields in read]
    free = (key for key in KEYS if key not in keys)
    return tuple(
        _category(fields, next(free, "") if key is None else key)
        for fields, key in zip(read, keys, strict=True)
    )


def _key(fields: Fields) -> str | None:
    """The key that the file asks for, empty for none; None when it leaves the choice to us."""
    if not fields.given("key"):
        return None
    value = fields.text("key", limit=1, default="")
    if value in RESERVED_KEYS:
        fields.complain("key", f"is '{value}', which means '{RESERVED_KEYS[value]}'; choose one of {KEYS}")
    elif len(value) == 1 and value not in KEYS:
        fields.complain("key", f"is '{value}'; choose one of {KEYS}")
    return value


def _category(fields: Fields, key: str) -> CategoryDraft:
    draft = CategoryDraft(
        slug=fields.slug("slug", limit=40),
        name=fields.text("name", limit=60),
        definition=fields.text("definition", limit=5000),
        severity=fields.whole("severity", low=0, high=3),
        cipa=fields.yes_or_no("cipa"),
        key=key,
        recall_floor=fields.share("recall_floor"),
        terms=_terms(fields),
    )
    fields.refuse_others()
    return draft


def _terms(fields: Fields) -> tuple[str, ...]:
    terms = []
    for term in fields.entries("terms"):
        if not isinstance(term, str) or not 1 <= len(term.strip()) <= MAX_TERM:
            advice = f"each term is text of 1 to {MAX_TERM} characters, in quotes if need be"
            fields.complain("terms", f"has the entry {term!r}; {advice}")
        else:
            terms.append(term.strip().lower())
    return tuple(dict.fromkeys(terms))


def _clauses(top: Fields, problems: list[str]) -> tuple[ClauseDraft, ...]:
    clauses = []
    for position, entry in enumerate(top.entries("guideline"), 1):
        fields = Fields(entry, where=f"guideline[{position}]", problems=problems)
        clauses.append(
            ClauseDraft(
                number=fields.text("number", limit=12),
                category=fields.slug("category", limit=40) if fields.given("category") else "",
                title=fields.text("title", limit=120),
                body=fields.text("body", limit=20_000),
            )
        )
        fields.refuse_others()
    return tuple(clauses)


def _contradictions(blueprint: Blueprint) -> list[str]:
    """Problems that only show when entries are seen together."""
    slugs = {category.slug for category in blueprint.categories}
    return [
        *_repeated("categories", "slug", (category.slug for category in blueprint.categories)),
        *_repeated("categories", "name", (category.name for category in blueprint.categories)),
        *_repeated("categories", "key", (category.key for category in blueprint.categories)),
        *_repeated("guideline", "number", (clause.number for clause in blueprint.clauses)),
        *(
            f"guideline clause {clause.number} is about '{clause.category}', which is not a category's slug."
            for clause in blueprint.clauses
            if clause.category and clause.category not in slugs
        ),
    ]


def _repeated(group: str, name: str, values: Iterable[str]) -> list[str]:
    return [
        f"{group}: the {name} '{value}' is given {count} times; each {name} may occur once."
        for value, count in Counter(values).items()
        if count > 1 and value
    ]


def _summary(problems: list[str]) -> str:
    shown = " ".join(problems[:SHOWN_PROBLEMS])
    more = len(problems) - SHOWN_PROBLEMS
    return f"{shown} (and {more} more)" if more > 0 else shown
