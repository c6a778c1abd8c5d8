"""API addresses of comparisons of two versions."""

from django.urls import path

from learner.evaluation.release import api

urlpatterns = [
    path(
        "projects/<slug:slug>/classifiers/comparisons/",
        api.VersionComparisonListView.as_view(),
        name="version-comparison-list",
    ),
    path(
        "projects/<slug:slug>/classifiers/comparisons/<int:pk>/",
        api.VersionComparisonView.as_view(),
        name="version-comparison-read",
    ),
]
