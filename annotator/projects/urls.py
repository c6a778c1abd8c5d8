"""Addresses of the projects stage."""

from django.urls import path

from annotator.projects import draft_views, taxonomy_views, views

app_name = "projects"
urlpatterns = [
    path("", views.home, name="home"),
    path("projects/new/", views.create, name="create"),
    path("projects/<slug:slug>/guideline/", views.guideline, name="guideline"),
    path("projects/<slug:slug>/guideline/publish/", views.publish, name="publish"),
    path("projects/<slug:slug>/guideline/draft/", draft_views.guideline_draft, name="guideline_draft"),
    path("projects/<slug:slug>/guideline/draft/add/", draft_views.clause_add, name="clause_add"),
    path("projects/<slug:slug>/guideline/draft/save/", draft_views.clause_save, name="clause_save"),
    path("projects/<slug:slug>/guideline/draft/remove/", draft_views.clause_remove, name="clause_remove"),
    path("projects/<slug:slug>/guideline/draft/publish/", draft_views.publish, name="draft_publish"),
    path("projects/<slug:slug>/guideline/draft/discard/", draft_views.discard, name="draft_discard"),
    path("projects/<slug:slug>/taxonomy/draft/", taxonomy_views.taxonomy_draft, name="taxonomy_draft"),
    path("projects/<slug:slug>/taxonomy/draft/do/", taxonomy_views.operation, name="operation"),
    path("projects/<slug:slug>/taxonomy/draft/undo/", taxonomy_views.undo, name="operation_undo"),
    path(
        "projects/<slug:slug>/taxonomy/draft/publish/",
        taxonomy_views.taxonomy_publish,
        name="taxonomy_draft_publish",
    ),
    path(
        "projects/<slug:slug>/taxonomy/draft/discard/",
        taxonomy_views.taxonomy_discard,
        name="taxonomy_draft_discard",
    ),
    path("projects/<slug:slug>/settings/", views.settings, name="settings"),
    path("projects/<slug:slug>/members/", views.members, name="members"),
    path("projects/<slug:slug>/members/end/", views.member_end, name="member_end"),
    path("projects/<slug:slug>/members/case-holder/", views.case_holder, name="case_holder"),
    path("projects/<slug:slug>/log/", views.log, name="log"),
]
