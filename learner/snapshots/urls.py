"""Addresses of the snapshots stage, below a project."""

from django.urls import path

from learner.snapshots import views

app_name = "snapshots"
urlpatterns = [
    path("snapshots/", views.snapshots, name="snapshots"),
    path("ingests/<int:ingest_id>/overlap/", views.ingest_overlap, name="ingest_overlap"),
    path("snapshots/<int:number>/", views.snapshot, name="snapshot"),
    path("snapshots/<int:number>/download/", views.download, name="download"),
    path("snapshots/<int:number>/files/<str:name>", views.download_file, name="file"),
]
