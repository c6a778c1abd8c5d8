"""The data card as Markdown: what a snapshot holds and how it came about, written from facts and what people wrote."""

from collections.abc import Iterable

from learner.core.cards.bias import bias_sentence, limit_words, undo_words
from learner.core.cards.columns import TABLES, column_words
from learner.core.cards.facts import CardFacts, StreamFacts, TableFacts, in_order
from learner.core.cards.front_matter import front_matter
from learner.core.cards.sections import BY_SLUG
from learner.core.cards.wording import (
    METHODS,
    STREAMS,
    annotation_words,
    below,
    count,
    limitations,
    number,
    percent,
    share,
    table,
)


def data_card(facts: CardFacts) -> str:
    """The data card as Markdown with dataset-card front matter."""
    sections = (
        _purpose(facts),
        _written(facts, "intended-use"),
        _written(facts, "out-of-scope-use"),
        _composition(facts),
        _taxonomies(facts),
        _sources(facts),
        _sampling(facts),
        _process(facts),
        _written(facts, "annotators"),
        _agreement(facts),
        _columns(facts),
        _files(facts),
        _limitations(facts),
        _written(facts, "ethical-notes"),
        _written(facts, "licence"),
        _written(facts, "maintenance"),
        _written(facts, "contact"),
        _changes(facts),
    )
    return front_matter(facts) + "\n".join(section for section in sections if section)


def _purpose(facts: CardFacts) -> str:
    description = below(facts.description) or "The project has no description."
    return f"""# {" ".join(facts.project.split())}, snapshot v{facts.number}

State of the project as of {facts.state_as_of}. Taxonomy version {facts.taxonomy}, guideline version {facts.guideline}.

## Purpose

{description}

Made to train and to judge classifiers that decide which categories of a school's filtering policy a page belongs to.
Not made to judge the people who wrote, own or visit a page, nor as a blocklist: a label speaks of one page at one time.
"""


def _written(facts: CardFacts, section: str) -> str:
    """What people wrote, with the version and the day; nothing where they wrote nothing."""
    row = next((row for row in facts.written if row.section == section), None)
    if row is None:
        return ""
    said = f"*Written by people of the project: version {row.number}, {row.written_at}.*"
    return f"## {BY_SLUG[section].title}\n\n{below(row.text)}\n\n{said}\n"


def _composition(facts: CardFacts) -> str:
    splits = in_order(facts.splits)
    rows = [
        (
            category.name,
            f"`{category.slug}`",
            str(category.severity),
            "yes" if category.cipa else "no",
            *(count(category.positives.get(split, 0), facts.splits[split]) for split in splits),
        )
        for category in facts.categories
    ]
    heads = ("Category", "Slug", "Severity", "CIPA", *(split.capitalize() for split in splits))
    sizes = ", ".join(f"{facts.splits[split]:,} {split}" for split in splits)
    return f"""## Composition

{facts.n_items:,} items on {facts.n_sites:,} registrable domains: {sizes}. One registrable domain is never on both \
sides. {facts.n_none:,} items have none of the categories.
{facts.n_left_out:,} further items are resolved as not labelled (not enough evidence, not reachable, or in a language \
nobody read) and are left out.

Items with each category; an item can have several.

{table(heads, rows)}
"""


def _taxonomies(facts: CardFacts) -> str:
    carried = {number: n for number, n in facts.versions.items() if number != facts.taxonomy}
    if not carried:
        return f"## Taxonomy versions\n\nAll labels were held under taxonomy version {facts.taxonomy}.\n"
    rows = [(f"{number}", f"{n:,}") for number, n in facts.versions.items()]
    links = [
        (f"{link.taxonomy}", link.kind, _slugs([link.source]), _slugs(link.targets)) for link in facts.mapping
    ]
    unknown = [(f"`{facts.column_of[slug]}`", count(n, facts.n_items)) for slug, n in facts.unknown.items()]
    return f"""## Taxonomy versions

The columns are the categories of taxonomy version {facts.taxonomy}. {sum(carried.values()):,} items were resolved \
under another version, and their labels are carried to this one. `judgments.parquet` has labels as they were given.

{table(("Taxonomy version", "Items"), rows)}

Through these changes:

{table(("In version", "Change", "Category before", "Category now"), links)}

A renamed category is the same. A merged one is present with any of its parts, and absent without all of them. Of a
split one, the parts are absent where it was absent. **Where the mapping cannot tell, a category is null, not false:
leave it out, never count it as absent.** Null by category:

{table(("Column", "Items"), unknown)}
"""


def _slugs(slugs: Iterable[str]) -> str:
    return ", ".join(f"`{slug}`" for slug in slugs if slug) or "none"


def _sources(facts: CardFacts) -> str:
    rows = [(source or "not given", f"{n:,}") for source, n in facts.sources.items()]
    return f"""## Sources

Addresses and page evidence (title, description, text) were taken in from files; nothing was fetched. By source:

{table(("Source", "Items"), rows)}
"""


def _sampling(facts: CardFacts) -> str:
    rows = [
        (
            stream.stream or "none",
            f"{stream.n_items:,}",
            _probabilities(stream),
            STREAMS.get(stream.stream, ""),
        )
        for stream in facts.streams
    ]
    limits = "\n".join(f"- {words}" for words in limit_words())
    return f"""## Sampling, and how far active learning bends it

**{bias_sentence(facts)}** Most items of such a project are chosen by a query model: **shares and prevalences in this \
snapshot are not those of the web**, and over all its items no rate can be trusted.

{table(("Stream", "Items", "Inclusion probability", "How chosen"), rows)}

{undo_words(facts)}

What weighing cannot mend:

{limits}

{_drawn(facts)}"""


def _drawn(facts: CardFacts) -> str:
    rows = [
        (
            category.name,
            percent(facts.n_trainable_with(category), facts.n_trainable),
            share(category.drawn),
            f"{category.drawn.n_items:,}",
        )
        for category in facts.categories
        if category.drawn is not None
    ]
    if not rows:
        return ""
    heads = ("Category", "Of train items", "Of the pool, weighed", "Explore items")
    return f"""As counted, and as drawn at random from the train sites (95 % score interval on the effective number):

{table(heads, rows)}
"""


def _process(facts: CardFacts) -> str:
    rows = [(method, f"{n:,}", METHODS.get(method, "")) for method, n in facts.methods.items()]
    return f"""## Annotation process

{annotation_words(facts)}
Nobody sees another person's
judgment, or a classifier's guess, before their own. Annotators answer per category present, unsure or absent, and can
say that the evidence does not suffice. How the labels came about:

{table(("Method", "Items", "Meaning"), rows)}
"""


def _agreement(facts: CardFacts) -> str:
    rows = [
        (
            category.name,
            number(category.percent_agreement),
            number(category.alpha),
            f"{category.alpha.n_items:,}",
        )
        for category in facts.categories
    ]
    heads = ("Category", "Percent agreement", "Krippendorff's alpha", "Items with two judgments")
    return f"""## Agreement

Per category, on current judgments, with 95 % bootstrap intervals over items. *Unsure* counts as missing. Percent
agreement is not corrected for chance and is high for every rare category; alpha is corrected.

{table(heads, rows)}
"""


def _columns(facts: CardFacts) -> str:
    whole = [each for each in facts.tables if not each.split]
    return "## Columns\n\n" + "\n".join(_columns_of(facts, each) for each in whole)


def _columns_of(facts: CardFacts, frozen: TableFacts) -> str:
    rows = [
        (f"`{column.name}`", column.dtype, column_words(facts, frozen.name, column.name))
        for column in frozen.columns
    ]
    said = TABLES.get(frozen.name, "")
    return (
        f"`{frozen.file}`, {frozen.n_rows:,} rows. {said}\n\n{table(('Column', 'Type', 'Meaning'), rows)}\n"
    )


def _files(facts: CardFacts) -> str:
    rows = [(f"`{each.file}`", each.split or "all", f"{each.n_rows:,}") for each in facts.tables]
    return f"""## Files

`items.parquet` holds every item, and the files with the name of a split hold the same rows again, cut by split: \
`datasets` takes its splits from files. `croissant.json` describes the tables to Croissant tools, `card.html` is this \
card with plots, `card.json` its facts, and `manifest.json` has the hash of every file.

{table(("File", "Split", "Rows"), rows)}

    datasets.load_dataset(".")                 # items, by split
    datasets.load_dataset(".", "judgments")
    pandas.read_parquet("items.parquet")
"""


def _limitations(facts: CardFacts) -> str:
    return "## Known limitations\n\n" + "\n".join(f"- {line}" for line in limitations(facts)) + "\n"


def _changes(facts: CardFacts) -> str:
    if facts.changes is None:
        return "## Changes\n\nThis is the first snapshot of the project.\n"
    return f"""## Changes

Since v{facts.changes.parent}: {facts.changes.added:,} items added, {facts.changes.removed:,} removed, \
{facts.changes.relabelled:,} with other labels.
"""


def _probabilities(stream: StreamFacts) -> str:
    if stream.lowest_probability is None or stream.highest_probability is None:
        return "not a random draw"
    if stream.lowest_probability == stream.highest_probability:
        return f"{stream.lowest_probability:.3g}"
    return f"{stream.lowest_probability:.3g} to {stream.highest_probability:.3g}"
