"""The page of the ledger: why each item of a project was served, over all batches."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from annotator.http import render_page
from annotator.pool.addresses import Address, parts_of
from annotator.projects.access import Can, project_for
from annotator.queue.served import LedgerFilter, LedgerFilterForm, ledger_matching, strategies_lately

PAGE = 100


@require_GET
@login_required
def ledger(request: HttpRequest, slug: str) -> HttpResponse:
    """The lines of the ledger that match, newest first; `before` is the line that the page begins under."""
    access = project_for(request.user, slug, Can.INSPECT)
    strategies = strategies_lately(access.project, request.GET.get("strategy", ""))
    form = LedgerFilterForm(request.GET, strategies=strategies)
    form.is_valid()
    matching, before = ledger_matching(access.project, form.wanted()), form.cleaned_data.get("before")
    found = list((matching.filter(pk__lt=before) if before else matching)[: PAGE + 1])
    context = {
        "access": access,
        "nav": "batches",
        "form": form,
        "is_filtered": form.wanted() != LedgerFilter(),
        "rows": [
            (row, parts_of(Address(row.item.url, row.item.host, row.item.registrable_domain)))
            for row in found[:PAGE]
        ],
        "before": before,
        "next_before": found[PAGE - 1].pk if len(found) > PAGE else None,
    }
    return render_page(request, "queue/ledger.html", context)
