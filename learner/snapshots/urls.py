"""Addresses of the snapshots stage, below a project."""

from django.urls import path

from learner.snapshots import views
from learner.snapshots.sections import views as section_views

app_name = "snapshots"
urlpatterns = [
    path("snapshots/", views.snapshots, name="snapshots"),
    path("snapshots/card/", section_views.card, name="card"),
    path("snapshots/card/missing/", section_views.card_part, name="card_part"),
    path("snapshots/card/<slug:section>/", section_views.card_section, name="card_section"),
    path("ingests/<int:ingest_id>/overlap/", views.ingest_overlap, name="ingest_overlap"),
    path("snapshots/new/", views.choose, name="new"),
    path("snapshots/runs/<int:pk>/cancel/", views.cancel, name="cancel"),
    path("snapshots/<int:number>/notes/", views.annotate, name="annotate"),
    path("snapshots/<int:number>/differences/<int:other>/", views.differences, name="differences"),
    path(
        "snapshots/<int:number>/differences/<int:other>/differences.md",
        views.differences_file,
        name="differences_file",
    ),
    path("snapshots/<int:number>/", views.snapshot, name="snapshot"),
    path("snapshots/<int:number>/download/", views.download, name="download"),
    path("snapshots/<int:number>/outputs/<str:output>/", views.output_read, name="output"),
    path("snapshots/<int:number>/files/<str:name>", views.download_file, name="file"),
]
