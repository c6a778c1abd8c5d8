"""API addresses of the queue stage."""

from django.urls import URLPattern, path

from annotator.queue import api, served_api

urlpatterns: list[URLPattern] = [
    path("projects/<slug:slug>/queue/claim/", api.ClaimView.as_view(), name="queue-claim"),
    path(
        "projects/<slug:slug>/assignments/<int:assignment_id>/renew/",
        api.RenewView.as_view(),
        name="assignment-renew",
    ),
    path(
        "projects/<slug:slug>/assignments/<int:assignment_id>/release/",
        api.ReleaseView.as_view(),
        name="assignment-release",
    ),
    path(
        "projects/<slug:slug>/assignments/<int:assignment_id>/skip/",
        api.SkipView.as_view(),
        name="assignment-skip",
    ),
    path(
        "projects/<slug:slug>/assignments/<int:assignment_id>/stop/",
        api.StopView.as_view(),
        name="assignment-stop",
    ),
    path(
        "projects/<slug:slug>/items/<int:item_id>/ledger/", api.ItemLedgerView.as_view(), name="item-ledger"
    ),
    path("projects/<slug:slug>/ledger/", served_api.LedgerView.as_view(), name="ledger-list"),
    path("projects/<slug:slug>/batches/", api.BatchesView.as_view(), name="batch-list"),
    path(
        "projects/<slug:slug>/batches/<int:number>/items/",
        api.BatchItemsView.as_view(),
        name="batch-item-list",
    ),
]
