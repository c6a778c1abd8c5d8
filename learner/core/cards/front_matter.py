"""The front matter of the Markdown card: what the Hub and `datasets` read."""

from typing import Any, Final

import yaml

from learner.core.cards.facts import CardFacts, TableFacts, in_order
from learner.core.cards.sections import licence_known
from learner.core.cards.wording import size

DEFAULT: Final = "items"
WHOLE: Final = "full"
"""The split of a table that is not cut; `all` is a word of `datasets` itself."""


def front_matter(facts: CardFacts) -> str:
    """YAML between rules, in the words of the Hub; one configuration for each table, with a file for each split."""
    entries = {
        "pretty_name": f"{facts.project} v{facts.number}",
        **_licence(facts),
        "task_categories": ["text-classification"],
        "task_ids": ["multi-label-classification"],
        "annotations_creators": ["expert-generated"],
        "source_datasets": ["original"],
        "size_categories": [size(facts.n_items)],
        "tags": ["web-content-safety", "k-12", "active-learning", "croissant", "not-for-all-audiences"],
        "configs": [_config(facts, name) for name in _names(facts)],
    }
    return f"---\n{yaml.safe_dump(entries, sort_keys=False, allow_unicode=True)}---\n\n"


def _licence(facts: CardFacts) -> dict[str, str]:
    known = licence_known(facts.written_in("licence"))
    if known is not None:
        return {"license": known}
    return {"license": "other", "license_name": "see-the-card", "license_link": "README.md"}


def _names(facts: CardFacts) -> list[str]:
    """Tables by name; `datasets` refuses one without rows, so it has no configuration."""
    return list(dict.fromkeys(table.name for table in facts.tables if table.n_rows))


def _config(facts: CardFacts, name: str) -> dict[str, Any]:
    """A table that is cut by split is read from its cuts: without them, `datasets` would call the holdout train."""
    tables = [table for table in facts.tables if table.name == name]
    cuts = {table.split: table for table in tables if table.split}
    whole = next(table for table in tables if not table.split)
    data_files: list[dict[str, str]] = [
        {"split": split, "path": cuts[split].file} for split in in_order(cuts)
    ] or [{"split": WHOLE, "path": whole.file}]
    default = {"default": True} if name == DEFAULT else {}
    return {"config_name": name, **default, "data_files": data_files, "features": _features(facts, whole)}


def _features(facts: CardFacts, table: TableFacts) -> list[dict[str, Any]]:
    return [_feature(facts, table.name, column.name, column.dtype) for column in table.columns]


def _feature(facts: CardFacts, table: str, name: str, dtype: str) -> dict[str, Any]:
    if (table, name) == (DEFAULT, "labels"):
        names = {str(number): category.slug for number, category in enumerate(facts.categories)}
        return {"name": name, "list": {"class_label": {"names": names}}}
    if dtype.startswith("list<"):
        return {"name": name, "list": dtype.removeprefix("list<").removesuffix(">")}
    return {"name": name, "dtype": dtype}
