"""API addresses of the version that serves."""

from django.urls import path

from learner.monitoring import api

urlpatterns = [
    path("projects/<slug:slug>/score/", api.ScoreView.as_view(), name="score"),
    path(
        "projects/<slug:slug>/classifiers/<int:number>/bundle/",
        api.BundleView.as_view(),
        name="classifier-bundle",
    ),
]
