"""The model card as Markdown: what a classifier version is, how it came about, and how far it can be trusted."""

from collections.abc import Iterable
from typing import Any

import yaml

from learner.core.cards.facts import Interval
from learner.core.cards.wording import below, number, table
from learner.core.model_cards.facts import CategoryCard, ModelCardFacts
from learner.core.model_cards.missing import not_measured
from learner.core.model_cards.sections import BY_SLUG


def model_card(facts: ModelCardFacts) -> str:
    """The card as Markdown with model-card front matter."""
    sections = (
        _head(facts),
        _written(facts, "model-intended-use"),
        _written(facts, "model-out-of-scope-use"),
        _written(facts, "model-human-oversight"),
        _release(facts),
        _cipa(facts),
        _categories(facts),
        _ranking(facts),
        _overall(facts),
        _confusion(facts),
        _slices(facts),
        _pack(facts),
        _against(facts),
        _speed(facts),
        _failures(facts),
        _training(facts),
        _features(facts),
        _limitations(facts),
        _missing(facts),
        _written(facts, "model-contact"),
    )
    return front_matter(facts) + "\n".join(section for section in sections if section)


def front_matter(facts: ModelCardFacts) -> str:
    """YAML between rules, in the words of the Hub; scores stand in its model index."""
    entries: dict[str, Any] = {
        "pipeline_tag": "text-classification",
        "license": "other",
        "license_name": "see-the-card",
        "license_link": "README.md",
        "model_name": f"{facts.project} classifier v{facts.number}",
        "tags": ["web-content-safety", "k-12", "multi-label-classification", "linear", "calibrated"],
        "model-index": [
            {
                "name": f"{facts.slug}-v{facts.number}",
                "results": [
                    {
                        "task": {
                            "type": "text-classification",
                            "name": "Multi-label classification of web pages",
                        },
                        "dataset": {
                            "type": facts.slug,
                            "name": f"{facts.project}, audited holdout",
                            "split": "test",
                        },
                        "metrics": _metrics(facts),
                    }
                ],
            }
        ],
    }
    if not entries["model-index"][0]["results"][0]["metrics"]:
        del entries["model-index"]
    return f"---\n{yaml.safe_dump(entries, sort_keys=False, allow_unicode=True)}---\n\n"


def _metrics(facts: ModelCardFacts) -> list[dict[str, Any]]:
    named = [("Macro-F1", "f1", facts.macro_f1), ("Micro-F1", "f1", facts.micro_f1)]
    named += [(f"Recall of {row.name}", "recall", row.recall) for row in facts.learned]
    return [
        {"type": kind, "name": name, "value": round(found.value, 4)}
        for name, kind, found in named
        if found.value is not None
    ]


def _head(facts: ModelCardFacts) -> str:
    description = below(facts.description) or "The project has no description."
    return f"""# {" ".join(facts.project.split())}, classifier v{facts.number}

Evaluated {facts.evaluated_at} on {facts.n_items:,} audited items of {facts.n_population:,} of the holdout. Taxonomy \
version {facts.taxonomy}. One-vs-rest linear classifiers with calibrated probabilities; each category is decided by \
itself.

## Purpose

{description}
"""


def _written(facts: ModelCardFacts, section: str) -> str:
    row = next((row for row in facts.written if row.section == section), None)
    title = BY_SLUG[section].title
    if row is None:
        return f"## {title}\n\n**Nobody wrote this section.**\n" if BY_SLUG[section].required else ""
    said = f"*Written by people of the project: version {row.number}, {row.written_at}.*"
    return f"## {title}\n\n{below(row.text)}\n\n{said}\n"


def _release(facts: ModelCardFacts) -> str:
    found = facts.release
    if not (found.verdict or found.served or found.exceptions):
        return "## Release\n\nThe gate was not asked yet. This version serves nobody.\n"
    verdict = f"The release gate says **{found.verdict}**." if found.verdict else "The gate was not asked."
    lines = "\n".join(f"- {line}" for line in found.gate)
    signed = "".join(f"\n**Exception from the gate.** {words}\n" for words in found.exceptions)
    served = "\n".join(f"- {words}" for words in found.served) or "- It never served."
    return f"## Release\n\n{verdict}\n\n{lines}\n{signed}\nServing:\n\n{served}\n"


def _cipa(facts: ModelCardFacts) -> str:
    rows = [row for row in facts.categories if row.cipa]
    if not rows:
        return ""
    told = [
        (row.name, _or_reason(row, row.false_negatives), _floor(row), f"{row.recall.n_items:,}")
        for row in rows
    ]
    heads = ("Category", "Missed, of its pages", "May miss at most", "Audited pages that have it")
    return f"""## False negatives under CIPA

The Children's Internet Protection Act obliges schools to keep pupils from these categories. The share of their pages
that this version does **not** find at its thresholds, with 95 % intervals. No filter finds all of them: this is a
measurement, and no certificate of compliance.

{table(heads, told)}
"""


def _floor(row: CategoryCard) -> str:
    return "no floor set" if row.recall_floor is None else f"{1 - row.recall_floor:.2f}"


def _categories(facts: ModelCardFacts) -> str:
    rows = [
        (
            row.name,
            str(row.severity),
            "–" if row.threshold is None else f"{row.threshold:.3f}",
            _or_reason(row, row.precision),
            _or_reason(row, row.recall),
            _or_reason(row, row.f1),
            f"{row.recall.n_items:,}",
        )
        for row in facts.categories
    ]
    heads = ("Category", "Severity", "Threshold", "Precision", "Recall", "F1", "Audited positives")
    return f"""## By category

On audited holdout items, weighed by inclusion probability in strata by score, with 95 % intervals. A probability at or
above the threshold says that the category is present.

{table(heads, rows)}
"""


def _ranking(facts: ModelCardFacts) -> str:
    rows = [
        (
            row.name,
            *(
                _or_dash(found)
                for found in (row.prevalence, row.average_precision, row.roc_auc, row.fpr, row.ece, row.brier)
            ),
        )
        for row in facts.learned
    ]
    if all(cell == "–" for row in rows for cell in row[1:]):
        return ""
    heads = (
        "Category",
        "Prevalence",
        "Average precision",
        "ROC AUC",
        "False-positive rate",
        "Calibration error",
        "Brier",
    )
    return f"## Ranking and calibration\n\n{table(heads, rows)}\n"


def _overall(facts: ModelCardFacts) -> str:
    found = {"Macro-F1": facts.macro_f1, "Micro-F1": facts.micro_f1, **facts.overall}
    rows = [(name, number(one)) for name, one in found.items()]
    return f"## Over all categories\n\n{table(('Measure', 'Value'), rows)}\n"


def _confusion(facts: ModelCardFacts) -> str:
    found = facts.confusion
    if found is None:
        return ""
    names = [f"{at} {facts.name_of(slug)}" for at, slug in enumerate(found.categories, 1)]
    rows = [
        (name, *("–" if cell is None else f"{cell:.1%}" for cell in row))
        for name, row in zip(names, found.cells, strict=True)
    ]
    heads = ("Is", *(str(at) for at in range(1, len(names) + 1)))
    return f"""## Confusion

Of the pages that are the category of the row, the share that was called that of the column. Columns have the numbers of
the rows.

{table(heads, rows)}
"""


def _slices(facts: ModelCardFacts) -> str:
    if not facts.slices:
        return ""
    rows = [(row.name, row.measure, number(row.value), f"{row.value.n_items:,}") for row in facts.slices]
    return f"## Slices\n\n{table(('Slice', 'Measure', 'Value', 'n'), rows)}\n"


def _pack(facts: ModelCardFacts) -> str:
    if not facts.pack:
        return ""
    rows = [
        (
            row.name,
            number(row.value),
            "–" if row.limit is None else f"{row.limit:.2f}",
            f"{row.value.n_items:,}",
        )
        for row in facts.pack
    ]
    return f"""## Over-block pack

Pages that must not be blocked, and the share of them that would be.

{table(("Slice", "Wrongly blocked", "Limit", "n"), rows)}
"""


def _against(facts: ModelCardFacts) -> str:
    if facts.against is None:
        return ""
    rows = [
        (
            facts.name_of(row.slug),
            _signed(row.recall),
            _signed(row.false_positive_rate),
            _signed(row.f1),
            f"{row.lost} / {row.found}",
            f"{row.blocked} / {row.cleared}",
        )
        for row in facts.paired
    ]
    heads = ("Category", "Recall", "False-positive rate", "F1", "Lost / found", "Blocked / cleared")
    return f"""## Against v{facts.against}, which served then

On the same audited items: differences, this version less v{facts.against}, weighed, with 95 % intervals by site. Pages
that it alone lost or found, and those that it alone would block wrongly or clear.

{table(heads, rows)}
"""


def _speed(facts: ModelCardFacts) -> str:
    if facts.speed is None:
        return ""
    found = facts.speed
    return f"""## Latency and size

Measured when it was evaluated, on that machine, for addresses without text: {found.p50_ms:.1f} ms for one (median),
{found.p99_ms:.1f} ms for 99 of 100, {found.per_second:,} a second together on one core. The artifact has \
{facts.training.size / 1e6:.2f} MB.
"""


def _failures(facts: ModelCardFacts) -> str:
    rows = [
        (
            facts.name_of(row.category),
            "missed" if row.kind == "missed" else "wrongly said",
            f"{row.probability:.2f}",
            f"`{row.address.replace('`', '')}`" if row.address else "address withheld or erased",
        )
        for row in facts.failures
    ]
    if not rows:
        return "## Known failures\n\nNo audited item was answered wrongly. With few audited items that says little.\n"
    heads = ("Category", "Error", "Probability", "Page")
    return f"""## Known failures

The most confident errors on audited items. Addresses are defanged: do not visit them.

{table(heads, rows)}
"""


def _training(facts: ModelCardFacts) -> str:
    found = facts.training
    labels = _snapshot(facts)
    rows = [
        (row.name, f"{row.n_positive:,}", f"{row.n_sites:,}", "yes" if row.learned else row.reason)
        for row in facts.categories
    ]
    seconds = "" if found.seconds is None else f" It took {found.seconds:.0f} seconds."
    return f"""## Training

Trained {found.trained_at} ({found.reason}), seed {found.seed}.{seconds} On {found.n_resolutions:,} resolved train items
(up to resolution {found.last_resolution}) and {found.n_known:,} items that came with known labels. A label counts: \
{found.weighing}. Holdout sites are
never trained on. Fingerprint of the training data `{found.fingerprint}`, artifact SHA-256 `{found.artifact_sha256}`.

{labels}

{table(("Category", "Positives", "Sites", "Learned"), rows)}
"""


def _snapshot(facts: ModelCardFacts) -> str:
    found = facts.snapshot
    if found is None:
        return "No snapshot was frozen before it was trained, so no data card tells of these labels."
    return (
        f"The newest snapshot then was v{found.number} ({found.version}, {found.n_items:,} items, manifest SHA-256 "
        f"`{found.sha256}`): its data card tells how the labels came about. Labels given since are not in it."
    )


def _features(facts: ModelCardFacts) -> str:
    lines = "\n".join(f"- {name}: {words}" for name, words in facts.features.items())
    return f"## Features\n\nFixed by recipe `{facts.training.recipe}`: nothing is fetched.\n\n{lines}\n"


def _limitations(facts: ModelCardFacts) -> str:
    written = next((row.text for row in facts.written if row.section == "model-limitations"), "")
    lines = [
        "Trained on pages that active learning chose: probabilities are calibrated on unseen sites of that choice.",
        "A linear classifier of words: it knows neither irony, quotation nor the purpose of a page.",
        *(f"{row.name}: not learned ({row.reason})." for row in facts.categories if not row.learned),
    ]
    told = "\n".join(f"- {line}" for line in lines)
    return f"## Limitations\n\n{told}\n" + (f"\n{below(written)}\n" if written else "")


def _missing(facts: ModelCardFacts) -> str:
    return "## What was not measured\n\n" + _list(not_measured(facts))


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) + "\n"


def _or_reason(row: CategoryCard, found: Interval) -> str:
    return number(found) if row.learned else "not learned"


def _or_dash(found: Interval | None) -> str:
    if found is None or found.value is None:
        return "–"
    return f"{found.value:.3f}" if found.low is None else number(found)


def _signed(found: Interval) -> str:
    if found.value is None:
        return found.why_undefined
    return f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
