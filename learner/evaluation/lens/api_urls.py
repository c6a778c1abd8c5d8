"""API addresses of evaluations and school profiles."""

from django.urls import path

from learner.evaluation.lens import api, policy_api

urlpatterns = [
    path(
        "projects/<slug:slug>/classifiers/<int:number>/evaluation/",
        api.EvaluationView.as_view(),
        name="evaluation-read",
    ),
    path(
        "projects/<slug:slug>/classifiers/<int:number>/evaluation/<slug:category>/",
        api.ThresholdView.as_view(),
        name="threshold-look",
    ),
    path("projects/<slug:slug>/profiles/", policy_api.ProfileListView.as_view(), name="profile-list"),
    path("projects/<slug:slug>/profiles/<slug:school>/", api.ProfileView.as_view(), name="profile-read"),
    path(
        "projects/<slug:slug>/profiles/<slug:school>/rules/",
        policy_api.ProfileRulesView.as_view(),
        name="profile-rules",
    ),
    path(
        "projects/<slug:slug>/profiles/<slug:school>/history/",
        policy_api.ProfileVersionsView.as_view(),
        name="profile-version-list",
    ),
    path("projects/<slug:slug>/packs/", policy_api.PacksView.as_view(), name="pack-list"),
    path("projects/<slug:slug>/packs/rule/", policy_api.PackRuleView.as_view(), name="pack-rule"),
    path("projects/<slug:slug>/packs/remove/", policy_api.PackRemoveView.as_view(), name="pack-remove"),
]
