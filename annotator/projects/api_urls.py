"""API addresses of the projects stage."""

from django.urls import path

from annotator.projects import api

urlpatterns = [
    path("projects/", api.ProjectListView.as_view(), name="project-list"),
    path("projects/<slug:slug>/", api.ProjectView.as_view(), name="project-read"),
    path("projects/<slug:slug>/taxonomy/", api.TaxonomyView.as_view(), name="taxonomy-read"),
    path("projects/<slug:slug>/guideline/", api.GuidelineView.as_view(), name="guideline-read"),
]
