"""What a lead does to a taxonomy, one operation after the other, before it is published. Reads no row."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from annotator.errors import BadInput
from annotator.projects.blueprint import CATEGORIES_MAX, KEYS, MAX_TERM, RESERVED_KEYS, CategoryDraft
from annotator.projects.fields import SLUG, UNSTORABLE
from annotator.projects.mapping import STRUCTURAL, Kind, Link

LIMITS: Final = {"slug": 40, "name": 60, "definition": 5000}
SEVERITY_MAX: Final = 3
MADE_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Operation:
    """Categories of the taxonomy, by short name, and what takes their place. To add is to take no place."""

    kind: Kind
    sources: tuple[str, ...]
    made: tuple[CategoryDraft, ...]

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Operation":
        """From what JSON kept."""
        made = tuple(CategoryDraft(**row | {"terms": tuple(row["terms"])}) for row in stored["made"])
        return cls(Kind(stored["kind"]), tuple(stored["sources"]), made)


def operations_applied(
    base: Sequence[CategoryDraft], operations: Iterable[Operation], *, gone: Collection[str] = ()
) -> tuple[CategoryDraft, ...]:
    """The taxonomy that the operations make of `base`, in order. `gone` are short names that other versions used up.

    Raises BadInput, in words, for the first operation that cannot be.
    """
    now, made, before = list(base), set[str](), {category.slug for category in base}
    for operation in operations:
        _check(operation, now, made, taken={*gone, *before, *made})
        now = _replaced(now, operation)
        made |= {category.slug for category in operation.made} - before
    if not now:
        raise BadInput("A taxonomy needs at least one category. Keep one.")
    if len(now) > CATEGORIES_MAX:
        raise BadInput(f"A taxonomy has at most {CATEGORIES_MAX} categories. Merge or retire some first.")
    return tuple(now)


def links_of(operations: Iterable[Operation], base: Collection[str]) -> tuple[Link, ...]:
    """What became of each category, for the mapping: one link for each that is gone, new or changed."""
    links: dict[str, Link] = {}
    for operation in operations:
        targets = tuple(category.slug for category in operation.made)
        if operation.kind == Kind.ADD:
            links |= {slug: Link(Kind.ADD, "", (slug,)) for slug in targets}
        for source in operation.sources:
            if source not in base:
                continue  # this draft made it: to the version before it is new whatever follows
            stays = source in links and links[source].targets == (source,)
            if source not in links or (stays and operation.kind != Kind.CHANGE):
                links[source] = Link(operation.kind, source, targets)
    return tuple(links.values())


def _replaced(now: Sequence[CategoryDraft], operation: Operation) -> list[CategoryDraft]:
    if not operation.sources:
        return [*now, *operation.made]
    at = min(place for place, category in enumerate(now) if category.slug in operation.sources)
    kept = [category for category in now[at:] if category.slug not in operation.sources]
    return [*now[:at], *operation.made, *kept]


def _check(
    operation: Operation, now: Sequence[CategoryDraft], made: Collection[str], taken: Collection[str]
) -> None:
    there = {category.slug: category for category in now}
    for slug in operation.sources:
        if slug not in there:
            raise BadInput(f'There is no category "{slug}" at this point of the draft. Look at it again.')
    _check_shape(operation, there, made)
    renewed = {category.slug for category in operation.made} & set(operation.sources)
    others = [category for category in now if category.slug not in operation.sources]
    for category in operation.made:
        category_check(category)
        if category.slug not in renewed and category.slug in taken:
            raise BadInput(
                f'The short name "{category.slug}" was used already. It means one thing for ever; take another.'
            )
    _check_once([*others, *operation.made])


SHAPES: Final = {
    Kind.ADD: (range(1), range(1, 2), "Add one category at a time."),
    Kind.CHANGE: (range(1, 2), range(1, 2), "Change one category at a time."),
    Kind.RENAME: (range(1, 2), range(1, 2), "Rename one category at a time."),
    Kind.MERGE: (range(2, CATEGORIES_MAX), range(1, 2), "Merge two or more categories into one."),
    Kind.SPLIT: (range(1, 2), range(2, MADE_MAX + 1), f"Split one category into 2 to {MADE_MAX}."),
    Kind.RETIRE: (range(1, 2), range(1), "Retire one category at a time."),
}
"""How many categories each operation takes and makes, and what to say otherwise."""


def _check_shape(operation: Operation, there: Mapping[str, CategoryDraft], made: Collection[str]) -> None:
    """Refuse too few or too many categories, and a second structural operation on one category."""
    sources, targets, sentence = SHAPES[operation.kind]
    if len(set(operation.sources)) not in sources or len(operation.made) not in targets:
        raise BadInput(sentence)
    same = tuple(category.slug for category in operation.made) == operation.sources
    if operation.kind == Kind.CHANGE and not same:
        raise BadInput("A changed category keeps its short name. Rename it to give it another.")
    if operation.kind not in STRUCTURAL or same:
        return
    for slug in operation.sources:
        if slug in made:
            raise BadInput(
                f'"{there[slug].name}" is made by this draft. Undo what makes it, or publish this draft first.'
            )
    if {category.slug for category in operation.made} & set(operation.sources):
        raise BadInput("What a merge or a split makes is new: give it a short name of its own.")


def category_check(category: CategoryDraft) -> None:
    """Raise BadInput unless this can be a category."""
    for name, limit in LIMITS.items():
        text: str = getattr(category, name)
        if not 1 <= len(text.strip()) <= limit or UNSTORABLE.search(text):
            raise BadInput(
                f"The {WORDS[name]} of a category has 1 to {limit} characters; this one has {len(text)}."
            )
    if not SLUG.fullmatch(category.slug):
        raise BadInput(
            f'"{category.slug}" is no short name. Use lower-case letters, digits and single hyphens.'
        )
    if category.key and category.key not in KEYS:
        meaning = RESERVED_KEYS.get(category.key)
        raise BadInput(
            f'"{category.key}" {f"means {meaning}" if meaning else "is no key"}. Choose one of {KEYS}.'
        )
    if not 0 <= category.severity <= SEVERITY_MAX:
        raise BadInput(f"The severity is {category.severity}; use a whole number from 0 to {SEVERITY_MAX}.")
    if category.recall_floor is not None and not 0 <= category.recall_floor <= 1:
        raise BadInput(f"The recall floor is {category.recall_floor}; use a number from 0 to 1, or none.")
    for term in category.terms:
        if not 1 <= len(term) <= MAX_TERM or UNSTORABLE.search(term):
            raise BadInput(f'The term "{term[:MAX_TERM]}" has to have 1 to {MAX_TERM} characters.')


WORDS: Final = {"slug": "short name", "name": "name", "definition": "definition"}


def _check_once(categories: Sequence[CategoryDraft]) -> None:
    for name in ("slug", "name", "key"):
        seen: set[str] = set()
        for category in categories:
            value: str = getattr(category, name)
            if value and value in seen:
                raise BadInput(
                    f'Two categories would have the {WORDS.get(name, name)} "{value}". Each has its own.'
                )
            seen.add(value)


def operation_words(operation: Operation, names: Mapping[str, str]) -> str:
    """What the operation does, in a sentence; `names` are those of the categories as they were before it."""
    before = [f'"{names.get(slug, slug)}"' for slug in operation.sources]
    after = [f'"{category.name}"' for category in operation.made]
    match operation.kind:
        case Kind.ADD:
            return f"Add {after[0]}"
        case Kind.RENAME:
            return f"Rename {before[0]} to {after[0]}"
        case Kind.MERGE:
            return f"Merge {listed(before)} into {after[0]}"
        case Kind.SPLIT:
            return f"Split {before[0]} into {listed(after)}"
        case Kind.RETIRE:
            return f"Retire {before[0]}"
        case Kind.CHANGE:
            return f"Change {before[0]}"


CONSEQUENCES: Final = {
    Kind.ADD: "Nobody was asked about it so far: it is unknown of every page that was judged before.",
    Kind.RENAME: "What was said of it before is said of it under the new name.",
    Kind.MERGE: "A page that shows one of them shows the new one. It is free of it when it is free of all of them.",
    Kind.SPLIT: "Of a page that shows it, the parts are unknown until somebody looks again; one without it has none.",
    Kind.RETIRE: "Its labels stay in the snapshots that have them, and go into no new one.",
    Kind.CHANGE: "What was said of it before stays as it is, unless you have it looked at again.",
}
"""What an operation means for what was judged before."""


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def category_changes(old: CategoryDraft, new: CategoryDraft) -> tuple[str, ...]:
    """What is different of a category, a few words each; its name and definition are shown elsewhere."""
    changed = []
    for field in fields(CategoryDraft):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before != after and field.name not in ("definition", "name"):
            changed.append(f"{FIELD_WORDS[field.name]}: {_said(before)} to {_said(after)}")
    return tuple(changed)


FIELD_WORDS: Final = {
    "slug": "short name",
    "severity": "severity",
    "cipa": "CIPA",
    "key": "key",
    "recall_floor": "recall at least",
    "terms": "terms",
}


def _said(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case None | "" | ():
            return "none"
        case tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
