"""A root-cause report: a template that is filled with facts, and with what people wrote; as Markdown."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar

from learner.core.cards.facts import Interval
from learner.core.cards.wording import below, number, percent, table


@dataclass(frozen=True, slots=True)
class Part:
    """One part that only people can write."""

    slug: str
    title: str
    question: str
    required: bool = True


PARTS: Final = (
    Part("summary", "Summary", "What went wrong, for whom, and how bad is it? Two or three sentences."),
    Part("why", "Root causes", "Why did it go wrong? Follow each cause to what can be changed."),
    Part(
        "done", "What is done about it", "Who does what until when, beside the actions that are listed below?"
    ),
    Part("open", "Open questions", "What do the facts not tell?", required=False),
)


@dataclass(frozen=True, slots=True)
class CategoryErrors:
    """Errors of one category in one part, with what the evaluation knows of it."""

    name: str
    severity: int
    misses: int
    alarms: int
    recall: Interval
    precision: Interval


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """One group of errors in words."""

    words: str
    n: int
    detail: str


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One error; its address is defanged."""

    item: int
    address: str
    category: str
    kind: str
    probability: float
    threshold: float
    cause: str


@dataclass(frozen=True, slots=True)
class CauseCount:
    """How many errors have a cause."""

    cause: str
    n: int


@dataclass(frozen=True, slots=True)
class ActionFacts:
    """One follow-up action."""

    words: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What a report rests on, as of one moment.

    `evaluated_at` and `as_of` are in UTC, to the minute. `n_population` are the holdout pages that the `n_audited`
    stand for. `category` is empty where the report is on all of them. `train_*` count errors on pages that the version
    learned from.
    """

    project: str
    version: int
    category: str
    evaluated_at: str
    as_of: str
    n_audited: int
    n_population: int
    categories: Sequence[CategoryErrors]
    train_misses: int
    train_alarms: int
    clusters: Sequence[ClusterFacts]
    shown: Sequence[ErrorLine]
    causes: Sequence[CauseCount]
    without_cause: int
    actions: Sequence[ActionFacts]


def report_markdown(
    title: str, facts: ReportFacts, written: Mapping[str, str], *, state: str, by: Sequence[str]
) -> str:
    """The report as Markdown. Addresses are defanged; what people wrote has its headings below ours."""
    blocks = (
        f"# {_plain(title)}",
        _head(facts, state, by),
        *_written(written, PARTS[:2]),
        "## How many",
        _counts(facts),
        "## Clusters",
        _clusters(facts),
        "## The surest errors",
        _errors(facts),
        "## Causes assigned",
        _causes(facts),
        *_written(written, PARTS[2:3]),
        "## Actions taken",
        _actions(facts),
        *_written(written, PARTS[3:]),
        "## How these numbers were obtained",
        _method(facts),
    )
    return "\n\n".join(block for block in blocks if block) + "\n"


def missing_parts(written: Mapping[str, str]) -> list[Part]:
    """The required parts that nobody wrote."""
    return [part for part in PARTS if part.required and not written.get(part.slug, "").strip()]


T = TypeVar("T")


def facts_read(stored: Mapping[str, Any]) -> ReportFacts:
    """Facts as they were stored by `dataclasses.asdict`."""
    rows: dict[str, type] = {
        "clusters": ClusterFacts,
        "shown": ErrorLine,
        "causes": CauseCount,
        "actions": ActionFacts,
    }
    read: dict[str, Any] = dict(stored)
    for name, kind in rows.items():
        read[name] = tuple(_row(kind, row) for row in stored[name])
    read["categories"] = tuple(
        CategoryErrors(
            **{
                **row,
                "recall": _row(Interval, row["recall"]),
                "precision": _row(Interval, row["precision"]),
            }
        )
        for row in stored["categories"]
    )
    return _row(ReportFacts, read)


def _row(kind: type[T], stored: Mapping[str, Any]) -> T:
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in stored.items() if name in names})


def _head(facts: ReportFacts, state: str, by: Sequence[str]) -> str:
    about = f"category {_plain(facts.category)}" if facts.category else "all categories"
    authors = ", ".join(map(_plain, by)) or "nobody yet"
    return (
        f"{_plain(facts.project)}, classifier v{facts.version}, {about}. Facts of {facts.as_of} UTC, on the "
        f"evaluation of {facts.evaluated_at} UTC. {state} Written by {authors}."
    )


def _written(written: Mapping[str, str], parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        text = written.get(part.slug, "").strip()
        if text or part.required:
            yield f"## {part.title}"
            yield below(text) if text else "*Nobody has written this part yet.*"


def _counts(facts: ReportFacts) -> str:
    if not facts.categories:
        return "No error is known on audited holdout pages."
    rows = [
        [
            _plain(row.name),
            f"{row.severity}",
            f"{row.misses:,}",
            f"{row.alarms:,}",
            number(row.recall),
            number(row.precision),
        ]
        for row in facts.categories
    ]
    heads = ["Category", "Severity", "Misses", "False alarms", "Recall", "Precision"]
    return table(heads, rows)


def _clusters(facts: ReportFacts) -> str:
    lines = [
        f"- {_plain(row.words)}{f' ({_plain(row.detail)})' if row.detail else ''}" for row in facts.clusters
    ]
    return (
        "\n".join(lines) or "No site and no driving word has more of these errors than chance would give it."
    )


def _errors(facts: ReportFacts) -> str:
    if not facts.shown:
        return "None."
    rows = [
        [
            f"{row.item}",
            _code(row.address),
            _plain(row.category),
            row.kind,
            f"{row.probability:.3f} (threshold {row.threshold:.3f})",
            row.cause or "no cause yet",
        ]
        for row in facts.shown
    ]
    heads = ["Item", "Address, defanged: do not visit it", "Category", "Error", "Probability", "Cause"]
    return table(heads, rows)


def _causes(facts: ReportFacts) -> str:
    total = sum(row.n for row in facts.causes) + facts.without_cause
    rows = [[row.cause, f"{row.n:,}", percent(row.n, total)] for row in facts.causes]
    rows.append(["no cause yet", f"{facts.without_cause:,}", percent(facts.without_cause, total)])
    return table(["Cause", "Errors", "Share"], rows)


def _actions(facts: ReportFacts) -> str:
    lines = [f"- {_plain(row.words)} ({_plain(row.by)}, {row.at})" for row in facts.actions]
    return "\n".join(lines) or "None yet."


def _method(facts: ReportFacts) -> str:
    return (
        f"Counts are of {facts.n_audited:,} audited and resolved holdout pages, which stand for "
        f"{facts.n_population:,}. They are what was seen, not estimates; recall and precision are estimates for the "
        f"whole holdout, with 95 % intervals. Beside them {facts.train_misses:,} misses and {facts.train_alarms:,} "
        "false alarms are known on pages that the classifier learned from. Those were chosen because they are hard or "
        "rare, and it is right on them more often than on others: their numbers say nothing about the web. A cause is "
        "what a person assigned after looking."
    )


def _plain(text: str) -> str:
    """Text of people or pages, on one line, that is no Markdown."""
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    return f"`{' '.join(text.split()).replace('`', '%60')}`"
