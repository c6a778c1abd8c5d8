"""API addresses of the version that serves."""

from django.urls import path

from learner.monitoring import api
from learner.monitoring.experiments import api as experiments

urlpatterns = [
    path("projects/<slug:slug>/score/", api.ScoreView.as_view(), name="score"),
    path(
        "projects/<slug:slug>/classifiers/<int:number>/bundle/",
        api.BundleView.as_view(),
        name="classifier-bundle",
    ),
    path(
        "projects/<slug:slug>/experiments/", experiments.ExperimentListView.as_view(), name="experiment-list"
    ),
    path(
        "projects/<slug:slug>/experiments/<int:number>/",
        experiments.ExperimentView.as_view(),
        name="experiment-read",
    ),
    path(
        "projects/<slug:slug>/experiments/<int:number>/stop/",
        experiments.ExperimentStopView.as_view(),
        name="experiment-stop",
    ),
    path(
        "projects/<slug:slug>/experiments/<int:number>/promote/",
        experiments.ExperimentPromoteView.as_view(),
        name="experiment-promote",
    ),
    path(
        "projects/<slug:slug>/experiments/<int:number>/pages/",
        experiments.ExperimentPagesView.as_view(),
        name="experiment-pages",
    ),
]
