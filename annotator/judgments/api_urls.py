"""API addresses of the judgments stage."""

from django.urls import URLPattern, path

from annotator.judgments import api, own_api
from annotator.judgments.imports import api as import_api

urlpatterns: list[URLPattern] = [
    path(
        "projects/<slug:slug>/assignments/<int:assignment_id>/judgment/",
        api.SubmitView.as_view(),
        name="judgment-submit",
    ),
    path("projects/<slug:slug>/judgments/", api.JudgmentsView.as_view(), name="judgment-list"),
    path("projects/<slug:slug>/judgments/undo/", own_api.UndoView.as_view(), name="judgment-undo"),
    path(
        "projects/<slug:slug>/judgments/<int:judgment_id>/",
        own_api.OwnJudgmentView.as_view(),
        name="judgment-read",
    ),
    path(
        "projects/<slug:slug>/assignments/<int:assignment_id>/flag/",
        own_api.FlagView.as_view(),
        name="flag-raise",
    ),
    path("projects/<slug:slug>/session/", own_api.SessionView.as_view(), name="session"),
    path("projects/<slug:slug>/care/", own_api.CareView.as_view(), name="care"),
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
