"""Which errors somebody asks for, from an address: the run of the version, and a filter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from annotator.projects.access import Access
from learner.errors.forms import FilterForm
from learner.errors.models import ErrorRun, Part
from learner.errors.selectors import ErrorsWanted, cluster_of, error_runs_kept, run_taxonomy


@dataclass(frozen=True)
class Asked:
    """What was asked for: the run is None before the first search."""

    form: FilterForm
    run: ErrorRun | None
    wanted: ErrorsWanted

    @property
    def address(self) -> str:
        """As the query of an address."""
        sent = self.form.cleaned_data if self.form.is_valid() else {}
        return urlencode({name: value for name, value in sent.items() if value})

    @property
    def cleared(self) -> str:
        """The address without anything but version and part."""
        return urlencode({name: self.form[name].value() or "" for name in ("version", "part")})


def asked_of(access: Access, sent: Mapping[str, Any]) -> Asked:
    """What an address asks for; of the newest version whose errors are known, unless it names another. Two queries.

    Raises NotFound for a cluster that is not there. An invalid form is for the caller to tell.
    """
    runs = error_runs_kept(access.project)
    named = {str(run.evaluation.classifier.number): run for run in runs}
    run = named.get(str(sent.get("version", ""))) or (runs[0] if runs else None)
    taxonomy = run_taxonomy(run) if run else access.taxonomy
    versions = [(run.evaluation.classifier.number, f"v{run.evaluation.classifier.number}") for run in runs]
    form = FilterForm(sent, taxonomy=taxonomy, versions=versions)
    if not form.is_valid():
        return Asked(form, run, ErrorsWanted())
    given = form.cleaned_data
    cluster = cluster_of(access.project, given["cluster"]) if given["cluster"] else None
    wanted = ErrorsWanted(
        part=cluster.part if cluster else given["part"] or Part.AUDIT,
        category=given["category"],
        kind=given["kind"],
        cause=given["cause"],
        site=given["site"],
        cluster=cluster,
    )
    return Asked(form, cluster.run if cluster else run, wanted)
