"""API addresses of the judgments stage."""

from django.urls import URLPattern, path

from annotator.judgments import api
from annotator.judgments.imports import api as import_api

urlpatterns: list[URLPattern] = [
    path(
        "projects/<slug:slug>/assignments/<int:assignment_id>/judgment/",
        api.SubmitView.as_view(),
        name="judgment-submit",
    ),
    path("projects/<slug:slug>/judgments/", api.JudgmentsView.as_view(), name="judgment-list"),
    path("projects/<slug:slug>/imports/", import_api.ImportsView.as_view(), name="import-list"),
    path(
        "projects/<slug:slug>/imports/<int:import_id>/", import_api.ImportView.as_view(), name="import-read"
    ),
    path(
        "projects/<slug:slug>/imports/<int:import_id>/start/",
        import_api.ImportStartView.as_view(),
        name="import-start",
    ),
    path(
        "projects/<slug:slug>/imports/<int:import_id>/cancel/",
        import_api.ImportCancelView.as_view(),
        name="import-cancel",
    ),
    path(
        "projects/<slug:slug>/imports/<int:import_id>/refused/",
        import_api.ImportRefusedView.as_view(),
        name="refused-judgment-list",
    ),
]
