"""API addresses of classifiers and of the progress of a project."""

from django.urls import path

from learner.evaluation import api

urlpatterns = [
    path(
        "projects/<slug:slug>/classifiers/prospects/",
        api.ProspectsView.as_view(),
        name="classifier-prospects",
    ),
    path("projects/<slug:slug>/classifiers/", api.ClassifierListView.as_view(), name="classifier-list"),
    path(
        "projects/<slug:slug>/classifiers/<int:number>/", api.ClassifierView.as_view(), name="classifier-read"
    ),
    path("projects/<slug:slug>/audits/", api.AuditsView.as_view(), name="audits"),
    path("projects/<slug:slug>/audits/plan/", api.AuditPlanView.as_view(), name="audit-plan"),
    path("projects/<slug:slug>/progress/", api.ProgressView.as_view(), name="progress-read"),
]
