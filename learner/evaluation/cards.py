"""The model card of an evaluation: its facts from rows, kept once, and read back with what became of the version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from annotator.errors import NotFound
from annotator.pool.addresses import Address, parts_of
from annotator.pool.models import Item
from annotator.projects.prose import prose_tabled
from annotator.projects.selectors import Taxonomy, taxonomy_version
from learner.core.cards.facts import Interval, WrittenFacts
from learner.core.cards.facts_json import facts_dump, facts_of_kind
from learner.core.model_cards.facts import (
    BinFacts,
    CategoryCard,
    ConfusionFacts,
    FailureFacts,
    ModelCardFacts,
    PairedFacts,
    ReleaseFacts,
    SliceFacts,
    SnapshotOfCard,
    SpeedFacts,
    TrainingFactsOfCard,
)
from learner.core.model_cards.markdown import model_card
from learner.core.model_cards.page import model_page
from learner.core.severity import GRAVE
from learner.evaluation.evidence import measured
from learner.evaluation.models import Evaluation, ModelCard, Promotion
from learner.evaluation.release.selectors import gate_latest, model_sections
from learner.evaluation.serving import exceptions_of
from learner.snapshots.models import Snapshot
from learner.training.models import ClassifierVersion

MARKDOWN: Final = "README.md"
JSON: Final = "card.json"
PAGE: Final = "card.html"
TYPES: Final = {MARKDOWN: "text/markdown", JSON: "application/json", PAGE: "text/html"}
OVERALL: Final = {
    "subset_accuracy": "Subset accuracy",
    "hamming": "Hamming loss",
    "label_ranking_ap": "Label-ranking average precision",
}


@dataclass(frozen=True)
class CardFile:
    """One file of a card, and of what kind it is."""

    text: str
    content_type: str


def card_file_of(version: ClassifierVersion, name: str) -> CardFile:
    """One file of the newest card of a version; raises NotFound. Six queries."""
    kept = card_latest(version)
    if kept is None or name not in TYPES:
        raise NotFound(
            f"v{version.number} has no model card file {name[:80]}. "
            f"There are {', '.join(TYPES)}, once it is evaluated."
        )
    return CardFile(card_dialects(card_facts(kept))[name], TYPES[name])


def card_make(evaluation: Evaluation, features: Mapping[str, str]) -> ModelCard:
    """The card of an evaluation, kept; `features` describe the recipe. Called once for each, by the worker."""
    text = facts_dump(_facts(evaluation, features))
    return ModelCard.objects.create(
        evaluation=evaluation, facts=text, sha256=sha256(text.encode()).hexdigest()
    )


def card_latest(version: ClassifierVersion) -> ModelCard | None:
    """The card of the newest evaluation of a version that has one. One query."""
    cards = ModelCard.objects.filter(evaluation__classifier=version)
    return cards.select_related("evaluation__classifier__project").order_by("-evaluation").first()


def card_facts(card: ModelCard) -> ModelCardFacts:
    """The facts that were kept, with what became of the version since and the addresses that may be shown.

    Five queries. Neither can be in the kept facts: an exception is signed later, and a page may be sealed later.
    """
    facts = facts_of_kind(ModelCardFacts, card.facts)
    version = card.evaluation.classifier
    addresses = _addresses([row.item for row in facts.failures], version.project_id)
    failures = [replace(row, address=addresses.get(row.item, "")) for row in facts.failures]
    return replace(facts, release=_release(version), failures=failures)


def card_dialects(facts: ModelCardFacts) -> dict[str, str]:
    """Each file of the card by its name."""
    markdown = model_card(facts)
    return {
        MARKDOWN: markdown,
        JSON: facts_dump(facts),
        PAGE: model_page(facts, prose_tabled(card_body(markdown))),
    }


def card_body(markdown: str) -> str:
    """The Markdown card after its front matter and its title."""
    _, _, titled = markdown.partition("\n# ")
    return titled.partition("\n")[2]


def _facts(evaluation: Evaluation, features: Mapping[str, str]) -> ModelCardFacts:
    version, facts = evaluation.classifier, evaluation.facts
    project = version.project
    taxonomy = taxonomy_version(version.taxonomy_id)
    against = facts.get("against") or {}
    scores = {row["category"]: row for row in facts.get("categories", ())}
    return ModelCardFacts(
        project=project.name,
        slug=project.slug,
        description=project.description,
        number=version.number,
        evaluated_at=f"{evaluation.created_at:%Y-%m-%d %H:%M} UTC",
        taxonomy=taxonomy.version.number,
        n_items=evaluation.n_items,
        n_population=facts.get("n_population", evaluation.n_items),
        training=_training(version),
        snapshot=_snapshot(version),
        features=features,
        macro_f1=interval(facts.get("macro_f1")),
        micro_f1=interval(facts.get("micro_f1")),
        overall={name: interval(facts[key]) for key, name in OVERALL.items() if facts.get(key) is not None},
        categories=[_category(row, scores.get(row["category"], {}), taxonomy) for row in version.categories],
        confusion=_confusion(facts.get("confusion")),
        slices=_slices(facts.get("slices") or (), taxonomy),
        pack=[
            SliceFacts(row["title"], "", interval(row["fpr"]), row["limit"])
            for row in facts.get("pack") or ()
        ],
        against=against.get("number"),
        why_not_compared=against.get("why", "") or ("" if against else "no other version served"),
        paired=[_paired(row) for row in against.get("categories", ())],
        speed=_speed(facts.get("speed") or {}),
        failures=[FailureFacts(**row) for row in facts.get("failures", ())],
        written=_written(evaluation),
    )


def interval(fact: Any) -> Interval:
    """A fact of an evaluation as a card tells it."""
    found = measured(fact)
    return Interval(
        found.value, found.low, found.high, found.n or 0, "" if found.value is not None else found.why
    )


def _maybe(fact: Any) -> Interval | None:
    return None if fact is None else interval(fact)


def _training(version: ClassifierVersion) -> TrainingFactsOfCard:
    return TrainingFactsOfCard(
        reason=version.training_run.reason,
        trained_at=f"{version.created_at:%Y-%m-%d %H:%M} UTC",
        seed=version.training_run.seed,
        n_resolutions=version.n_resolutions,
        n_known=version.n_known,
        last_resolution=version.last_resolution,
        weighing=version.weighing,
        fingerprint=version.fingerprint,
        recipe=version.recipe,
        artifact_sha256=version.sha256,
        size=version.size,
        seconds=version.training_run.seconds,
    )


def _snapshot(version: ClassifierVersion) -> SnapshotOfCard | None:
    frozen = Snapshot.objects.filter(project=version.project, created_at__lte=version.created_at)
    row = frozen.order_by("-number").first()
    return None if row is None else SnapshotOfCard(row.number, row.semantic, row.n_items, row.sha256)


def _category(status: Mapping[str, Any], score: Mapping[str, Any], taxonomy: Taxonomy) -> CategoryCard:
    slug = status["category"]
    category = next(row for row in taxonomy.categories if row.slug == slug)
    calibration = score.get("calibration") or {}
    return CategoryCard(
        slug=slug,
        name=category.name,
        severity=category.severity,
        cipa=category.cipa,
        recall_floor=category.recall_floor,
        learned=status["learned"],
        reason=status["reason"],
        threshold=status["threshold"],
        n_positive=status["n_positive"],
        n_sites=status["n_sites"],
        precision=interval(score.get("precision")),
        recall=interval(score.get("recall")),
        f1=interval(score.get("f1")),
        prevalence=_maybe(score.get("prevalence")),
        average_precision=_maybe(score.get("average_precision")),
        roc_auc=_maybe(score.get("roc_auc")),
        fpr=_maybe(score.get("fpr")),
        fnr=_maybe(score.get("fnr")),
        ece=_maybe(calibration.get("ece")),
        brier=_maybe(calibration.get("brier")),
        bins=_bins(calibration.get("bins") or ()),
    )


def _bins(rows: Sequence[Mapping[str, Any]]) -> list[BinFacts]:
    return [
        BinFacts(row["promised"], row["observed"]["value"], row["observed"]["n"])
        for row in rows
        if row["observed"]["value"] is not None
    ]


def _confusion(found: Mapping[str, Any] | None) -> ConfusionFacts | None:
    return ConfusionFacts(found["categories"], found["cells"]) if found else None


def _slices(rows: Sequence[Mapping[str, Any]], taxonomy: Taxonomy) -> list[SliceFacts]:
    """Of each slice how much is found of what must not be missed: what CIPA regulates, and what is grave."""
    grave = {row.slug: row.name for row in taxonomy.categories if row.cipa or row.severity == GRAVE}
    return [
        SliceFacts(
            f"{row['kind']}: {row['name']}",
            f"recall of {grave[score['category']]}",
            interval(score["recall"]),
        )
        for row in rows
        for score in row["categories"]
        if score["category"] in grave and score["recall"]["value"] is not None
    ]


def _paired(row: Mapping[str, Any]) -> PairedFacts:
    return PairedFacts(
        slug=row["category"],
        lost=row["lost"],
        found=row["found"],
        blocked=row["blocked"],
        cleared=row["cleared"],
        recall=interval(row["recall"]),
        false_positive_rate=interval(row["false_positive_rate"]),
        f1=interval(row["f1"]),
    )


def _speed(found: Mapping[str, Any]) -> SpeedFacts | None:
    if not {"p50_ms", "p99_ms", "per_second"} <= found.keys():
        return None
    return SpeedFacts(found["p50_ms"], found["p99_ms"], found["per_second"])


def _written(evaluation: Evaluation) -> list[WrittenFacts]:
    return [
        WrittenFacts(
            section=row.section.slug,
            title=row.section.title,
            text=row.text,
            number=row.number,
            written_at=f"{row.newest.created_at:%Y-%m-%d}",
        )
        for row in model_sections(evaluation.project)
        if row.newest is not None and row.text
    ]


def _addresses(item_ids: Sequence[int], project_id: int) -> dict[int, str]:
    """Defanged addresses of the items that are not sealed."""
    items = Item.objects.filter(project=project_id, pk__in=item_ids, withheld=False)
    columns = ("pk", "url", "host", "registrable_domain")
    return {pk: parts_of(Address(*rest)).defanged for pk, *rest in items.values_list(*columns)}


def _release(version: ClassifierVersion) -> ReleaseFacts:
    gate = gate_latest(version)
    promotions = Promotion.objects.filter(classifier=version).select_related("created_by").order_by("number")
    return ReleaseFacts(
        verdict=gate.verdict.words if gate else "",
        gate=[f"{line.title}: {line.verdict.words} ({line.reason})" for line in gate.lines] if gate else (),
        exceptions=[
            f"{row.exception} (signed by {row.created_by.username}, {row.created_at:%Y-%m-%d})"
            for row in exceptions_of(version)
        ],
        served=[f"from {row.created_at:%Y-%m-%d %H:%M} UTC: {row.reason}" for row in promotions],
    )
