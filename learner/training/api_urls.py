"""API addresses of the learner."""

from django.urls import path

from learner.training import api

urlpatterns = [
    path("projects/<slug:slug>/queries/", api.QueryListView.as_view(), name="query-list"),
    path("projects/<slug:slug>/learner-settings/", api.SteeringView.as_view(), name="steering"),
    path("projects/<slug:slug>/items/<int:item_id>/look/", api.LookView.as_view(), name="item-look"),
    path("projects/<slug:slug>/comparisons/", api.ShadowListView.as_view(), name="comparison-list"),
    path(
        "projects/<slug:slug>/comparisons/<int:shadow_id>/", api.ShadowView.as_view(), name="comparison-read"
    ),
]
