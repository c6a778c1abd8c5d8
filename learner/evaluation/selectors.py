"""Reading evaluations, and classifier versions with what is known of them. Imports nothing heavy: pages read these."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from annotator.charts import Estimate
from annotator.judgments.models import Verdict
from annotator.pool.models import Split
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_version
from annotator.queue.models import BatchItem, Stream
from annotator.review.models import Method, Resolution
from annotator.review.selectors import resolutions_current
from learner.core.due import EvaluationFacts
from learner.evaluation.models import Evaluation, Truth, TruthSetting
from learner.query.models import AuditChance
from learner.training.models import ClassifierVersion

NOT_EVALUATED = "not evaluated yet"


@dataclass(frozen=True)
class CategoryResult:
    """One category of one classifier version: whether it is learned, and how well it does on audited items.

    `fitted_f1` is that on training sites which each part of the fit had not seen, at a threshold chosen there.
    `strength` is the inverse strength of regularisation and `url_weight` the weight of the URL beside the page, both
    chosen on unseen sites; None where the category is not learned, or by a version from before they were kept.
    """

    slug: str
    name: str
    learned: bool
    reason: str
    threshold: float | None
    n_positive: int
    n_sites: int
    fitted_f1: float | None
    strength: float | None
    url_weight: float | None
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True)
class ClassifierResult:
    """One classifier version with its newest evaluation, if it has one."""

    version: ClassifierVersion
    evaluation: Evaluation | None
    macro_f1: Estimate
    micro_f1: Estimate
    categories: tuple[CategoryResult, ...]

    @property
    def n_learned(self) -> int:
        """Categories that it has learned."""
        return sum(category.learned for category in self.categories)


@dataclass(frozen=True)
class ComparedCategory:
    """One category over several versions by their numbers, in their order; None where one did not know it."""

    name: str
    cells: tuple[tuple[int, CategoryResult | None], ...]


def audited_resolutions(project: Project) -> QuerySet[Resolution, Resolution]:
    """What is held true, as labels, of holdout items that the audit stream drew. One query.

    With those that a wave would have drawn, had nothing else taken them before: they have a chance, too.
    Audits always have fixed overlap. What was inferred from skills all the same is no truth to evaluate by.
    """
    drawn = BatchItem.objects.filter(
        item=OuterRef("item"), stream=Stream.AUDIT, inclusion_probability__isnull=False
    )
    held = resolutions_current(project).filter(item__split=Split.HOLDOUT, verdict=Verdict.LABELLED)
    held = held.exclude(method=Method.INFERRED)
    return held.filter(Exists(drawn) | Exists(AuditChance.objects.filter(item=OuterRef("item"))))


def truth_latest(project: Project) -> TruthSetting | None:
    """What somebody set last that evaluations take for true, or None: resolutions as they are. One query."""
    return TruthSetting.objects.filter(project=project).select_related("set_by").order_by("-pk").first()


def truth_of(project: Project) -> Truth:
    """What evaluations of a project take for true. One query."""
    setting = truth_latest(project)
    return Truth(setting.truth) if setting else Truth.RESOLVED


def evaluation_of_newest(project: Project) -> Evaluation | None:
    """The newest evaluation of a project, of whichever version, with its version. One query."""
    return Evaluation.objects.filter(project=project).select_related("classifier").order_by("-pk").first()


def evaluations_newest(project: Project) -> list[Evaluation]:
    """The newest evaluation of each version that has one, the newest version first. One query."""
    rows = Evaluation.objects.filter(project=project).select_related("classifier", "project")
    return list(rows.order_by("-classifier", "-pk").distinct("classifier"))


def evaluation_latest(version: ClassifierVersion) -> Evaluation | None:
    """The newest evaluation of a classifier version, or None. One query."""
    return Evaluation.objects.filter(classifier=version).order_by("-pk").first()


def evaluation_facts(project: Project, version: ClassifierVersion | None) -> EvaluationFacts:
    """What the tick has to know of evaluating the newest version. At most two queries."""
    if version is None:
        return EvaluationFacts(last_version=None, audited=0, new_audited=0, evaluated=False)
    evaluation = evaluation_latest(version)
    seen = evaluation.last_resolution if evaluation else 0
    new = audited_resolutions(project).filter(pk__gt=seen).count()
    return EvaluationFacts(
        last_version=version.number,
        audited=new + (evaluation.n_items if evaluation else 0),
        new_audited=new,
        evaluated=evaluation is not None,
    )


def results_of(versions: Iterable[ClassifierVersion]) -> list[ClassifierResult]:
    """The versions in their order, each with its newest evaluation. One query."""
    versions = list(versions)
    rows = Evaluation.objects.filter(classifier__in=[version.pk for version in versions]).order_by("pk")
    newest = {row.classifier_id: row for row in rows}
    return [result_of(version, newest.get(version.pk)) for version in versions]


def result_of(version: ClassifierVersion, evaluation: Evaluation | None) -> ClassifierResult:
    """One version with one of its evaluations. No query once the taxonomy version is in memory."""
    facts: Mapping[str, Any] = evaluation.facts if evaluation else {}
    scores = {score["category"]: score for score in facts.get("categories", ())}
    taxonomy = taxonomy_version(version.taxonomy_id)
    return ClassifierResult(
        version=version,
        evaluation=evaluation,
        macro_f1=_estimate("Macro-F1", facts.get("macro_f1")),
        micro_f1=_estimate("Micro-F1", facts.get("micro_f1")),
        categories=tuple(
            _category(status, scores.get(status["category"], {}), taxonomy) for status in version.categories
        ),
    )


def categories_compared(results: Sequence[ClassifierResult]) -> list[ComparedCategory]:
    """The categories of the first of these versions, each over all of them. No query."""
    by_slug = [
        (result.version.number, {category.slug: category for category in result.categories})
        for result in results
    ]
    return [
        ComparedCategory(
            category.name, tuple((number, known.get(category.slug)) for number, known in by_slug)
        )
        for category in (results[0].categories if results else ())
    ]


def _category(status: Mapping[str, Any], score: Mapping[str, Any], taxonomy: Taxonomy) -> CategoryResult:
    name = taxonomy.name_of(status["category"])
    setting = status.get("setting") or {}
    return CategoryResult(
        slug=status["category"],
        name=name,
        learned=status["learned"],
        reason=status["reason"],
        threshold=status["threshold"],
        n_positive=status["n_positive"],
        n_sites=status["n_sites"],
        fitted_f1=status["f1"],
        strength=setting.get("C"),
        url_weight=setting.get("url_weight"),
        precision=_estimate(name, score.get("precision")),
        recall=_estimate(name, score.get("recall")),
        f1=_estimate(name, score.get("f1"), "" if status["learned"] else status["reason"]),
    )


def _estimate(name: str, fact: Mapping[str, Any] | None, why: str = "") -> Estimate:
    """The fact as an estimate; `why` says more on a missing value than the fact does."""
    if fact is None or (fact["value"] is None and why):
        return Estimate(name, None, why=why or NOT_EVALUATED)
    return Estimate(name, fact["value"], fact["low"], fact["high"], fact["n"], fact["why_undefined"])
