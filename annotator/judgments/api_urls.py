"""API addresses of the judgments stage."""

from django.urls import URLPattern, path

from annotator.judgments import api

urlpatterns: list[URLPattern] = [
    path(
        "projects/<slug:slug>/assignments/<int:assignment_id>/judgment/",
        api.SubmitView.as_view(),
        name="judgment-submit",
    ),
    path("projects/<slug:slug>/judgments/", api.JudgmentsView.as_view(), name="judgment-list"),
]
