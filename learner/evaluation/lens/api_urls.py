"""API addresses of evaluations and school profiles."""

from django.urls import path

from learner.evaluation.lens import api

urlpatterns = [
    path(
        "projects/<slug:slug>/classifiers/<int:number>/evaluation/",
        api.EvaluationView.as_view(),
        name="evaluation-read",
    ),
    path("projects/<slug:slug>/profiles/<slug:school>/", api.ProfileView.as_view(), name="profile-read"),
]
