"""API addresses of the snapshots stage."""

from django.urls import path

from learner.snapshots import api, overlap_api, run_api
from learner.snapshots.sections import api as section_api

urlpatterns = [
    path("projects/<slug:slug>/snapshots/", api.SnapshotListView.as_view(), name="snapshot-list"),
    path("signing-key/", api.SigningKeyView.as_view(), name="signing-key"),
    path(
        "projects/<slug:slug>/snapshots/preview/", api.SnapshotPreviewView.as_view(), name="snapshot-preview"
    ),
    path(
        "projects/<slug:slug>/snapshots/<int:number>/notes/",
        api.SnapshotNotesView.as_view(),
        name="snapshot-notes",
    ),
    path(
        "projects/<slug:slug>/snapshots/<int:number>/differences/<int:other>/",
        api.SnapshotDifferencesView.as_view(),
        name="snapshot-differences",
    ),
    path(
        "projects/<slug:slug>/snapshot-runs/<int:pk>/cancel/",
        run_api.SnapshotRunCancelView.as_view(),
        name="snapshot-run-cancel",
    ),
    path("projects/<slug:slug>/snapshots/<int:number>/", api.SnapshotView.as_view(), name="snapshot-read"),
    path(
        "projects/<slug:slug>/snapshots/<int:number>/download/",
        api.SnapshotDownloadView.as_view(),
        name="snapshot-download",
    ),
    path(
        "projects/<slug:slug>/snapshots/<int:number>/files/<str:name>",
        api.SnapshotFileView.as_view(),
        name="snapshot-file",
    ),
    path(
        "projects/<slug:slug>/snapshots/<int:number>/outputs/<str:output>/",
        api.SnapshotOutputView.as_view(),
        name="snapshot-output",
    ),
    path(
        "projects/<slug:slug>/card-sections/",
        section_api.CardSectionListView.as_view(),
        name="card-section-list",
    ),
    path(
        "projects/<slug:slug>/card-sections/<slug:section>/",
        section_api.CardSectionView.as_view(),
        name="card-section-write",
    ),
    path(
        "projects/<slug:slug>/snapshot-runs/", run_api.SnapshotRunListView.as_view(), name="snapshot-run-list"
    ),
    path(
        "projects/<slug:slug>/snapshot-runs/<int:pk>/",
        run_api.SnapshotRunView.as_view(),
        name="snapshot-run-read",
    ),
    path(
        "projects/<slug:slug>/ingests/<int:ingest_id>/overlap/",
        overlap_api.IngestOverlapView.as_view(),
        name="ingest-overlap",
    ),
]
