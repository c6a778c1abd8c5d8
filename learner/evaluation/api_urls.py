"""API addresses of classifiers and of the progress of a project."""

from django.urls import path

from learner.evaluation import api, audits_api, words_api

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
    path(
        "projects/<slug:slug>/classifiers/<int:number>/words/",
        words_api.WordsView.as_view(),
        name="classifier-words",
    ),
    path("projects/<slug:slug>/audits/", api.AuditsView.as_view(), name="audits"),
    path("projects/<slug:slug>/audits/plan/", api.AuditPlanView.as_view(), name="audit-plan"),
    path("projects/<slug:slug>/progress/", api.ProgressView.as_view(), name="progress-read"),
    path("projects/<slug:slug>/audits/state/", audits_api.AuditStateView.as_view(), name="audit-state"),
    path("projects/<slug:slug>/audits/truth/", audits_api.TruthView.as_view(), name="truth"),
    path(
        "projects/<slug:slug>/items/<int:item_id>/classifier/",
        audits_api.OpinionView.as_view(),
        name="item-opinion",
    ),
]
