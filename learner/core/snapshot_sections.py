"""Sections of the data card that say what was chosen, how the items were cut, and what stands on both sides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from learner.core.splits import NAMES, Leakage


@dataclass(frozen=True, slots=True)
class ContentFacts:
    """What was chosen for a snapshot, and what became of it."""

    sentences: Sequence[str]
    n_withheld: int
    formats: Sequence[str]
    is_stable: bool
    n_by_split: Mapping[str, int]
    n_groups: int
    largest_group: int
    n_inherited: int
    n_conflicts: int
    leakage: Leakage


def content_sections(facts: ContentFacts) -> str:
    """The sections as Markdown, to follow the card."""
    return "\n".join(("", _chosen(facts), _splits(facts), _leakage(facts), _files(facts)))


def _chosen(facts: ContentFacts) -> str:
    lines = list(facts.sentences) or ["Every resolved item of the project: nothing was left out by choice."]
    if facts.n_withheld:
        lines.append(
            f"{facts.n_withheld:,} resolved items are sealed in a restricted case and never leave it; a snapshot of an "
            "earlier moment leaves them out too, although they were not sealed then."
        )
    return "## Content\n\n" + "\n".join(f"- {line}" for line in lines) + "\n"


def _splits(facts: ContentFacts) -> str:
    sizes = ", ".join(f"{facts.n_by_split[name]:,} {name}" for name in NAMES)
    return f"""## Splits

{sizes}; positives of each category by split stand under Composition.

`test` holds the holdout sites, decided when they were taken in and fixed for ever. The rest is cut into `train` and
`validation`, by groups of items that share a registrable domain or nearly the same text ({facts.n_groups:,} groups, \
the largest of {facts.largest_group:,} items; column `split_group`), stratified over all categories. A group keeps the
side that an earlier snapshot gave it ({facts.n_inherited:,} items here); where groups with different sides have grown
together, validation wins over train ({facts.n_conflicts:,} items moved).
"""


def _leakage(facts: ContentFacts) -> str:
    found = facts.leakage
    return f"""## Leakage check

- Sites on more than one side: {found.n_sites_across:,} of {found.n_sites:,}.
- Sets of near-duplicates on both train and validation: {found.n_clusters_train_validation:,} of {found.n_clusters:,}.
- Sets of near-duplicates on test and elsewhere: {found.n_clusters_test:,} of {found.n_clusters:,}, with \
{found.n_items_near_test:,} items outside of test. They are marked in `near_test`: **leave them out of training where \
a clean test matters.** They are not moved to test, because their whole sites would have to go with them.

Near-duplicates share 3 of 16 bands of min-hashes of title and text: texts that are 0.8 alike (Jaccard, runs of three
words) are found in 99 of 100 cases, 0.7 in 76. A near-duplicate in other words is not found.
"""


def _files(facts: ContentFacts) -> str:
    names = "annotators keep their name in all snapshots of the project"
    if not facts.is_stable:
        names = "annotators have a name in this snapshot alone"
    formats = ", ".join(["Parquet", *facts.formats])
    return f"""## Further files

In {formats}; {names}. `resolutions`: all that was ever held of each item, oldest first; `method` says `spread`, `bulk`
or `revert` where a lead did not look at the item by itself, `reason_class` is `clause`, `words` or `suspect` (a label
that looked wrong was fixed), `is_current` is false for what was superseded. `batches`: why each item was served.
`categories` and `clauses`: every version of the taxonomy and the guideline. In `judgments`, `after_question` marks what
somebody said after a lead had asked them: it is not independent. `manifest.json` has the hash of every file:
`crossguard verify DIR`. In CSV, lists have `|` between their values, and a text that a spreadsheet would take for a
formula has a `'` before it; take one leading `'` away to get it back.
"""
