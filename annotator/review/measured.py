"""The judgments that agreement is measured on, as they stood when one of them was the newest."""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from django.db.models import BigIntegerField, Exists, F, Func, OuterRef, QuerySet, TextField, Value

from annotator.agreement.periods import Times
from annotator.agreement.ratings import UNSURE, IntArray, ItemAnswer, Ratings
from annotator.judgments.models import Judgment, Verdict
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, carried
from annotator.queue.models import Purpose
from annotator.review.independence import after_question
from annotator.review.models import Method, Resolution

CHUNK: Final = 5000
SECONDS: Final = Func(
    F("created_at"),
    template="FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint",
    output_field=BigIntegerField(),
)


@dataclass(frozen=True, eq=False)
class Measured:
    """The ratings, with unsure as a value, and what stands beside each judgment: int arrays (n_judgments,).

    `people` are the ids of the annotators by their number in `ratings`; a clause of 0 is none.
    """

    ratings: Ratings
    n_unsure: Counter[str]
    people: IntArray
    items: IntArray
    guidelines: IntArray
    clauses: IntArray
    times: Times


@dataclass
class _Columns:
    """A number a judgment; `said` is the place of its answer in `codes`: taxonomy version, labels, unsure."""

    items: "array[int]" = field(default_factory=lambda: array("q"))
    people: "array[int]" = field(default_factory=lambda: array("q"))
    guidelines: "array[int]" = field(default_factory=lambda: array("q"))
    clauses: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[int]" = field(default_factory=lambda: array("q"))
    said: "array[int]" = field(default_factory=lambda: array("q"))
    codes: list[tuple[int, str, str]] = field(default_factory=list)


def labelled_at(project: Project, last_judgment: int) -> QuerySet[Judgment]:
    """The judgments with labels that stood when `last_judgment` was the newest, checks left out. One query.

    Late ones too; those on withheld items too. Other verdicts say nothing on categories. Of somebody whom a lead asked
    about their judgment, that one counts and no later one: what was given after a question is not independent.
    """
    later = Judgment.objects.filter(~after_question(), supersedes=OuterRef("pk"), pk__lte=last_judgment)
    return Judgment.objects.filter(
        ~Exists(later),
        ~after_question(),
        project=project,
        pk__lte=last_judgment,
        purpose=Purpose.OVERLAP,
        verdict=Verdict.LABELLED,
    )


def resolutions_at(project: Project, last_resolution: int) -> QuerySet[Resolution]:
    """What was held true when `last_resolution` was the newest; of withheld items too. One query."""
    later = Resolution.objects.filter(supersedes=OuterRef("pk"), pk__lte=last_resolution)
    held = Resolution.objects.filter(~Exists(later), project=project, pk__lte=last_resolution)
    return held.exclude(method=Method.REOPENED)


def measured_at(project: Project, taxonomy: Taxonomy, last_judgment: int) -> Measured:
    """All judgments of `labelled_at` as arrays. One query, and one a taxonomy version."""
    columns = _columns(project, last_judgment)
    said = [
        carried(_slugs(labels), _slugs(unsure), version, taxonomy.version.pk)
        for version, labels, unsure in columns.codes
    ]
    code = _ints(columns.said)
    n_unsure: Counter[str] = Counter()
    for one, n in zip(said, np.bincount(code, minlength=len(said)).tolist(), strict=True):
        n_unsure.update(dict.fromkeys(one.unsure, n))
    answers = (ItemAnswer(at, 0, one.labels, one.unsure, one.unknown) for at, one in enumerate(said))
    values = Ratings.from_answers(answers, taxonomy.slugs, unsure=UNSURE).values
    items, (people, annotator) = _ints(columns.items), _numbered(_ints(columns.people))
    return Measured(
        ratings=Ratings(_numbered(items)[1], annotator, values[code]),
        n_unsure=n_unsure,
        people=people,
        items=items,
        guidelines=_ints(columns.guidelines),
        clauses=_ints(columns.clauses),
        times=_ints(columns.times).astype("M8[s]"),
    )


def _columns(project: Project, last_judgment: int) -> _Columns:
    """What is read of each judgment. There are few different answers: each is read once, and has a number."""
    columns, codes = _Columns(), dict[tuple[int, str, str], int]()
    names = ("item_id", "annotator_id", "guideline_id", "clause_id", "at", "taxonomy_id", "present", "unsaid")
    rows = (
        labelled_at(project, last_judgment)
        .order_by("pk")
        .annotate(at=SECONDS, present=_joined("labels"), unsaid=_joined("unsure"))
    )
    for item, annotator, guideline, clause, at, *key in rows.values_list(*names).iterator(chunk_size=CHUNK):
        columns.items.append(item)
        columns.people.append(annotator)
        columns.guidelines.append(guideline)
        columns.clauses.append(clause or 0)
        columns.times.append(at)
        columns.said.append(codes.setdefault(tuple(key), len(codes)))
    columns.codes = list(codes)
    return columns


def _joined(column: str) -> Func:
    return Func(F(column), Value(","), function="array_to_string", output_field=TextField())


def _slugs(joined: str) -> tuple[str, ...]:
    return tuple(joined.split(",")) if joined else ()


def _numbered(ids: IntArray) -> tuple[IntArray, IntArray]:
    """The different ids in the order in which they come first, and the number of each.

    >>> [part.tolist() for part in _numbered(np.array([7, 3, 7]))]
    [[7, 3], [0, 1, 0]]
    """
    names, first, place = np.unique(ids, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    return names[order], rank[place]


def _ints(numbers: "array[int]") -> IntArray:
    return np.array(numbers, dtype=np.int64)
