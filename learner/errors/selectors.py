"""Reading errors, their clusters and their causes. Imports nothing that computes: pages read these."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet

from annotator.errors import NotFound
from annotator.pool.addresses import AddressRefused, UrlParts, canonical
from annotator.pool.models import Item
from annotator.pool.selectors import item_rows
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_version
from annotator.review.desk.item import url_parts
from annotator.runs import RunStatus
from learner.core.causes import Cause
from learner.core.due import ErrorFacts
from learner.core.keys import domain_key
from learner.errors.models import ClassifierError, ErrorCause, ErrorCluster, ErrorRun, Kind, Part
from learner.evaluation.models import Evaluation
from learner.training.models import ClassifierVersion

NO_CAUSE: Final = "none"
VERSIONS_KEPT: Final = 10
"""Of older versions the errors are forgotten; causes, reports and actions stay."""
SURELY: Final = ("-grave", "-wrongness", "pk")
"""A missed page of a grave category first, then by how sure the classifier was of what is wrong."""
P_SHOWN: Final = 0.001
KINDS_WORDS: Final = {Kind.MISS: ("miss", "misses"), Kind.ALARM: ("false alarm", "false alarms")}


@dataclass(frozen=True)
class ErrorsWanted:
    """Which errors of a run; what is empty does not narrow. `cause` may be `NO_CAUSE`; `site` any address on it."""

    part: str = Part.AUDIT
    category: str = ""
    kind: str = ""
    cause: str = ""
    site: str = ""
    cluster: ErrorCluster | None = None


@dataclass(frozen=True)
class ErrorLine:
    """One error of a list."""

    error: ClassifierError
    url: UrlParts
    title: str
    category: str
    cause: ErrorCause | None

    @property
    def said(self) -> str:
        """What the classifier said against what is held."""
        return "held, not predicted" if self.error.kind == Kind.MISS else "predicted, not held"


@dataclass(frozen=True)
class CategoryCount:
    """Errors of one category in one part."""

    slug: str
    name: str
    severity: int
    misses: int
    alarms: int


@dataclass(frozen=True)
class ClusterLine:
    """One cluster in words: what is shared by how many, and how that stands to pages that are right."""

    cluster: ErrorCluster
    words: str
    detail: str
    category: str


def error_run_latest(project: Project, version: ClassifierVersion | None = None) -> ErrorRun | None:
    """The newest finished run, of this version or of whichever. One query."""
    rows = ErrorRun.objects.filter(project=project, status=RunStatus.DONE)
    if version is not None:
        rows = rows.filter(evaluation__classifier=version)
    return rows.select_related("evaluation__classifier").order_by("-pk").first()


def error_run_active(project: Project) -> ErrorRun | None:
    """The newest run, where it is under way or has failed. One query."""
    run = ErrorRun.objects.filter(project=project).order_by("-pk").first()
    return run if run is not None and run.status != RunStatus.DONE else None


def error_runs_kept(project: Project) -> list[ErrorRun]:
    """The newest finished run of each version whose errors are still kept, the newest version first. One query."""
    rows = ErrorRun.objects.filter(project=project, status=RunStatus.DONE)
    newest = rows.select_related("evaluation__classifier").order_by("evaluation__classifier__number", "-pk")
    return list(newest.distinct("evaluation__classifier__number"))[: -VERSIONS_KEPT - 1 : -1]


def error_facts(project: Project) -> ErrorFacts:
    """What the tick has to know of finding errors. One query."""
    done = ErrorRun.objects.filter(evaluation=OuterRef("pk"), status=RunStatus.DONE)
    evaluations = Evaluation.objects.filter(project=project).annotate(found=Exists(done)).order_by("-pk")
    newest = evaluations.values_list("classifier__number", "found").first()
    return ErrorFacts(None) if newest is None else ErrorFacts(newest[0], found=newest[1])


def errors_listed(run: ErrorRun, wanted: ErrorsWanted) -> QuerySet[ClassifierError]:
    """The errors of a run, gravest and surest first. One query, by the index error_ranked or error_of_category."""
    rows = ClassifierError.objects.filter(run=run, part=wanted.part)
    if wanted.category:
        rows = rows.filter(category=wanted.category)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.site:
        rows = rows.filter(site=domain_key(_site(wanted.site)))
    if wanted.cluster is not None:
        rows = _of_cluster(rows, wanted.cluster)
    return _with_cause(rows, wanted.cause).order_by(*SURELY)


def cluster_errors(cluster: ErrorCluster) -> QuerySet[ClassifierError]:
    """The errors of a cluster, gravest and surest first. One query."""
    return _of_cluster(ClassifierError.objects.filter(run=cluster.run_id), cluster).order_by(*SURELY)


def error_of(project: Project, pk: int) -> ClassifierError:
    """One error of the project with its run, resolution and item; raises NotFound. One query."""
    rows = ClassifierError.objects.filter(project=project, pk=pk)
    error = rows.select_related(
        "run__evaluation__classifier", "item", "resolution__clause", "cluster"
    ).first()
    if error is None:
        raise NotFound(
            f"This project has no error {pk}. A newer search finds errors anew, under other numbers: look in the list."
        )
    return error


def cluster_of(project: Project, pk: int) -> ErrorCluster:
    """One cluster of the project; raises NotFound. One query."""
    cluster = ErrorCluster.objects.filter(project=project, pk=pk).select_related("item", "run").first()
    if cluster is None:
        raise NotFound(
            f"This project has no cluster {pk}. A newer search makes clusters anew: look in the list."
        )
    return cluster


def error_lines(errors: Sequence[ClassifierError], taxonomy: Taxonomy) -> list[ErrorLine]:
    """The errors as lines of a list. Three queries."""
    items = Item.objects.in_bulk([error.item_id for error in errors])
    rows = {row.item.pk: row for row in item_rows(list(items.values()))}
    causes = causes_of(errors)
    return [
        ErrorLine(
            error=error,
            url=rows[error.item_id].url,
            title="" if items[error.item_id].withheld else rows[error.item_id].title,
            category=taxonomy.name_of(error.category),
            cause=causes.get(error.pk),
        )
        for error in errors
    ]


def causes_of(errors: Sequence[ClassifierError]) -> dict[int, ErrorCause]:
    """Error -> the cause that counts, where somebody assigned one to what is still held. One query."""
    rows = ErrorCause.objects.filter(item__in={error.item_id for error in errors})
    newest = {_key(row): row for row in rows.select_related("assigned_by", "classifier").order_by("pk")}
    found = {error.pk: newest.get(_key(error)) for error in errors}
    return {pk: row for pk, row in found.items() if row is not None}


def causes_history(error: ClassifierError) -> list[ErrorCause]:
    """All causes that people assigned to an error, newest first. One query."""
    rows = ErrorCause.objects.filter(item=error.item_id, category=error.category, kind=error.kind)
    return list(rows.select_related("assigned_by", "classifier").order_by("-pk"))


def causes_current(project: Project) -> QuerySet[ErrorCause]:
    """The cause that counts of each error that ever had one. One query."""
    later = ErrorCause.objects.filter(
        item=OuterRef("item"),
        category=OuterRef("category"),
        kind=OuterRef("kind"),
        resolution=OuterRef("resolution"),
        pk__gt=OuterRef("pk"),
    )
    return ErrorCause.objects.filter(~Exists(later), project=project)


def category_counts(run: ErrorRun, part: str, taxonomy: Taxonomy) -> list[CategoryCount]:
    """Errors by category, as the run counted them, the gravest category first. No query."""
    counts: dict[str, dict[str, int]] = {}
    for row in run.facts.get("groups", ()):
        if row["part"] == part:
            counts.setdefault(row["category"], {})[row["kind"]] = row["n"]
    found = [
        CategoryCount(
            slug,
            taxonomy.name_of(slug),
            taxonomy.severity_of([slug]),
            own.get(Kind.MISS, 0),
            own.get(Kind.ALARM, 0),
        )
        for slug, own in counts.items()
    ]
    return sorted(found, key=lambda row: (-row.severity, -(row.misses + row.alarms), row.name))


def unlearned(run: ErrorRun, taxonomy: Taxonomy) -> list[tuple[str, int]]:
    """Categories that the version has not learned, with audited pages that have them: it finds none. No query."""
    rows = run.facts.get("unlearned", ())
    return [(taxonomy.name_of(row["category"]), row["n"]) for row in rows if row["n"]]


def n_errors(run: ErrorRun, part: str) -> int:
    """All errors that the run counted in a part. No query."""
    return sum(row["n"] for row in run.facts.get("groups", ()) if row["part"] == part)


def clusters_listed(
    run: ErrorRun, part: str, *, category: str = "", kind: str = ""
) -> QuerySet[ErrorCluster]:
    """The clusters of a run, those of grave misses first, then the largest. One query.

    What an earlier version of the code grouped without a test is none.
    """
    rows = ErrorCluster.objects.filter(run=run, part=part, p_value__isnull=False)
    if category:
        rows = rows.filter(category=category)
    if kind:
        rows = rows.filter(kind=kind)
    return rows.select_related("item").order_by("-grave", "-n", "pk")


def cluster_lines(clusters: Iterable[ErrorCluster], taxonomy: Taxonomy) -> list[ClusterLine]:
    """Clusters in words. No query, where their items came along."""
    return [cluster_line(cluster, taxonomy) for cluster in clusters]


def cluster_line(cluster: ErrorCluster, taxonomy: Taxonomy) -> ClusterLine:
    """One cluster in words: "38 false alarms of Adult Content share the word “lingerie”"."""
    name = taxonomy.name_of(cluster.category)
    one, many = KINDS_WORDS[Kind(cluster.kind)]
    counted = f"{cluster.n:,} {one if cluster.n == 1 else many} of {name}"
    if cluster.by == ErrorCluster.By.SITE:
        site = (
            "a site that is withheld"
            if cluster.item.withheld
            else cluster.item.registrable_domain.replace(".", "[.]")
        )
        such = "have it" if cluster.kind == Kind.MISS else "do not have it"
        detail = (
            f"{cluster.n:,} of its {cluster.n + cluster.correct:,} known pages that {such}: "
            f"{cluster.lift:.1f} times as common as on all sites, {_chance(cluster)}"
        )
        return ClusterLine(cluster, f"{counted} are on {site}", detail, name)
    where = " in their addresses" if cluster.place == "address" else ""
    detail = (
        f"{cluster.correct:,} of {cluster.of_correct:,} rightly found pages have it: "
        f"{cluster.lift:.1f} times as common among these errors, {_chance(cluster)}"
    )
    return ClusterLine(cluster, f"{counted} share the word “{cluster.word}”{where}", detail, name)


def run_taxonomy(run: ErrorRun) -> Taxonomy:
    """The taxonomy that the version of a run knows. From memory as a rule."""
    return taxonomy_version(run.evaluation.classifier.taxonomy_id)


def similar_lines(
    error: ClassifierError, stored: Sequence[Sequence[Any]]
) -> list[tuple[UrlParts, str, float, int, int]]:
    """Similar training items that are not withheld: address, title, cosine, label (1, 0, -1), id. Two queries."""
    items = Item.objects.filter(project=error.project_id, withheld=False).in_bulk([row[0] for row in stored])
    titles = {row.item.pk: row.title for row in item_rows(list(items.values()))}
    return [
        (url_parts(items[pk]), titles.get(pk, ""), cosine, held, pk)
        for pk, cosine, held in stored
        if pk in items
    ]


def _chance(cluster: ErrorCluster) -> str:
    """How likely chance alone makes such a group, corrected for how many were looked at."""
    value = cluster.p_value
    return "not tested" if value is None else "p < 0.001" if value < P_SHOWN else f"p = {value:.3f}"


def _key(row: ClassifierError | ErrorCause) -> tuple[int, str, str, int]:
    return row.item_id, row.category, row.kind, row.resolution_id


def _of_cluster(rows: QuerySet[ClassifierError], cluster: ErrorCluster) -> QuerySet[ClassifierError]:
    if cluster.by == ErrorCluster.By.WORD:
        return rows.filter(cluster=cluster)
    return rows.filter(
        part=cluster.part, category=cluster.category, kind=cluster.kind, site=cluster.site or 0
    )


def _with_cause(rows: QuerySet[ClassifierError], cause: str) -> QuerySet[ClassifierError]:
    """Narrowed to errors with this cause, or without any."""
    if not cause:
        return rows
    about: Mapping[str, Any] = {name: OuterRef(name) for name in ("item", "category", "kind", "resolution")}
    own = ErrorCause.objects.filter(**about)
    if cause == NO_CAUSE:
        return rows.filter(~Exists(own))
    later = ErrorCause.objects.filter(**about, pk__gt=OuterRef("pk"))
    return rows.filter(Exists(own.filter(~Exists(later), cause=Cause(cause).value)))


def _site(text: str) -> str:
    """The registrable domain of an address, or the text as it is."""
    try:
        return canonical(text).registrable_domain
    except AddressRefused:
        return text.strip().lower()
