"""API addresses of the learner."""

from django.urls import path

from learner.training import api, asking_api

urlpatterns = [
    path("projects/<slug:slug>/queries/", api.QueryListView.as_view(), name="query-list"),
    path("projects/<slug:slug>/queries/<int:query_id>/", api.QueryView.as_view(), name="query-read"),
    path("projects/<slug:slug>/learner-settings/", api.SteeringView.as_view(), name="steering"),
    path("projects/<slug:slug>/items/<int:item_id>/look/", api.LookView.as_view(), name="item-look"),
    path("projects/<slug:slug>/comparisons/", api.ShadowListView.as_view(), name="comparison-list"),
    path(
        "projects/<slug:slug>/comparisons/<int:shadow_id>/", api.ShadowView.as_view(), name="comparison-read"
    ),
    path(
        "projects/<slug:slug>/comparisons/<int:shadow_id>/adopt/",
        asking_api.ShadowAdoptView.as_view(),
        name="comparison-adopt",
    ),
    path(
        "projects/<slug:slug>/learner-settings/history/",
        asking_api.SteeringVersionsView.as_view(),
        name="steering-list",
    ),
    path(
        "projects/<slug:slug>/training-runs/", asking_api.TrainingRunsView.as_view(), name="training-run-list"
    ),
    path("projects/<slug:slug>/suggestions/", asking_api.SuggestionsView.as_view(), name="suggestions"),
    path(
        "projects/<slug:slug>/judgments/undone/uses/",
        asking_api.UndoneUsesView.as_view(),
        name="judgment-undone-uses",
    ),
    path(
        "projects/<slug:slug>/judgments/<int:judgment_id>/uses/",
        asking_api.UsesView.as_view(),
        name="judgment-uses",
    ),
]
