"""API addresses of the explorer stage."""

from django.urls import path

from learner.explorer import api, filters_api

urlpatterns = [
    path("projects/<slug:slug>/explorer/", api.ExplorerView.as_view(), name="explorer"),
    path("projects/<slug:slug>/explorer/charts/", api.ExplorerChartsView.as_view(), name="explorer-charts"),
    path("projects/<slug:slug>/explorer/filters/", filters_api.FiltersView.as_view(), name="filter-list"),
    path(
        "projects/<slug:slug>/explorer/filters/<int:pk>/",
        filters_api.FilterView.as_view(),
        name="filter-delete",
    ),
]
