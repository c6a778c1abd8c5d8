"""The judgments that agreement is measured on, as they stood when one of them was the newest."""

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet

from annotator.agreement.periods import Times
from annotator.agreement.ratings import UNSURE, IntArray, ItemAnswer, Ratings
from annotator.judgments.models import Judgment, Verdict
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, carried
from annotator.queue.models import Purpose
from annotator.review.independence import after_question
from annotator.review.models import Method, Resolution

CHUNK: Final = 5000


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
    """What is read beside the ratings, a number a judgment."""

    unsure: Counter[str] = field(default_factory=Counter)
    items: "array[int]" = field(default_factory=lambda: array("q"))
    people: "array[int]" = field(default_factory=lambda: array("q"))
    guidelines: "array[int]" = field(default_factory=lambda: array("q"))
    clauses: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[int]" = field(default_factory=lambda: array("q"))


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
    columns = _Columns()
    answers = _answers(project, taxonomy, last_judgment, columns)
    ratings = Ratings.from_answers(answers, taxonomy.slugs, unsure=UNSURE)
    _, first = np.unique(ratings.annotator, return_index=True)
    return Measured(
        ratings=ratings,
        n_unsure=columns.unsure,
        people=_ints(columns.people)[first],
        items=_ints(columns.items),
        guidelines=_ints(columns.guidelines),
        clauses=_ints(columns.clauses),
        times=_ints(columns.times).astype("M8[s]"),
    )


def _answers(
    project: Project, taxonomy: Taxonomy, last_judgment: int, columns: _Columns
) -> Iterator[ItemAnswer]:
    """Each judgment as a row of ratings, carried to `taxonomy`; what stands beside it goes into `columns`."""
    names = (
        "item_id",
        "annotator_id",
        "labels",
        "unsure",
        "taxonomy_id",
        "guideline_id",
        "clause_id",
        "created_at",
    )
    rows = labelled_at(project, last_judgment).order_by("pk").values_list(*names)
    for row in rows.iterator(chunk_size=CHUNK):
        item, annotator, labels, undecided, version, guideline, clause, at = row
        said = carried(tuple(labels), tuple(undecided), version, taxonomy.version.pk)
        columns.unsure.update(said.unsure)
        columns.items.append(item)
        columns.people.append(annotator)
        columns.guidelines.append(guideline)
        columns.clauses.append(clause or 0)
        columns.times.append(int(at.timestamp()))
        yield ItemAnswer(item, annotator, said.labels, said.unsure, said.unknown)


def _ints(numbers: "array[int]") -> IntArray:
    return np.array(numbers, dtype=np.int64)
