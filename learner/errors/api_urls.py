"""API addresses of the errors stage."""

from django.urls import path

from learner.errors import api, report_api

urlpatterns = [
    path("projects/<slug:slug>/errors/", api.ErrorsView.as_view(), name="error-list"),
    path("projects/<slug:slug>/errors/causes/", api.CausesView.as_view(), name="error-causes"),
    path("projects/<slug:slug>/errors/batch/", api.SimilarAskView.as_view(), name="error-batch"),
    path("projects/<slug:slug>/errors/clause/", api.ClauseView.as_view(), name="error-clause"),
    path("projects/<slug:slug>/errors/search/", api.SearchView.as_view(), name="error-search"),
    path("projects/<slug:slug>/errors/relook/", api.RelookView.as_view(), name="error-relook"),
    path("projects/<slug:slug>/errors/<int:error_id>/", api.ErrorView.as_view(), name="error-read"),
    path("projects/<slug:slug>/error-reports/", report_api.ReportsView.as_view(), name="error-report-list"),
    path(
        "projects/<slug:slug>/error-reports/<int:number>/",
        report_api.ReportView.as_view(),
        name="error-report-read",
    ),
]
