"""API addresses of the pool stage."""

from django.urls import path

from annotator.pool import api, erasure_api

urlpatterns = [
    path("projects/<slug:slug>/ingests/", api.IngestsView.as_view(), name="ingest-list"),
    path("projects/<slug:slug>/ingests/<int:ingest_id>/", api.IngestView.as_view(), name="ingest-read"),
    path(
        "projects/<slug:slug>/ingests/<int:ingest_id>/report/", api.ReportView.as_view(), name="ingest-report"
    ),
    path(
        "projects/<slug:slug>/ingests/<int:ingest_id>/refused/",
        api.RefusedView.as_view(),
        name="refused-row-list",
    ),
    path("projects/<slug:slug>/erasures/", erasure_api.ErasuresView.as_view(), name="erasure-list"),
    path("projects/<slug:slug>/retention/", erasure_api.RetentionView.as_view(), name="retention"),
    path("projects/<slug:slug>/items/<int:item_id>/", api.ItemView.as_view(), name="item-read"),
]
