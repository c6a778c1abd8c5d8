"""API addresses of the projects stage."""

from django.urls import path

from annotator.projects import api, configuring_api
from annotator.projects.drafts import api as draft_api

urlpatterns = [
    path("projects/", configuring_api.ProjectsView.as_view(), name="project-list"),
    path("projects/<slug:slug>/", api.ProjectView.as_view(), name="project-read"),
    path("projects/<slug:slug>/settings/", configuring_api.SettingsView.as_view(), name="settings"),
    path("projects/<slug:slug>/members/", configuring_api.MembersView.as_view(), name="member-list"),
    path("projects/<slug:slug>/members/end/", configuring_api.MemberEndView.as_view(), name="member-end"),
    path(
        "projects/<slug:slug>/members/case-holder/",
        configuring_api.CaseHolderView.as_view(),
        name="case-holder",
    ),
    path("projects/<slug:slug>/blueprint/", configuring_api.BlueprintView.as_view(), name="blueprint"),
    path("projects/<slug:slug>/taxonomy/", api.TaxonomyView.as_view(), name="taxonomy-read"),
    path("projects/<slug:slug>/log/", api.LogView.as_view(), name="log-list"),
    path("projects/<slug:slug>/guideline/", api.GuidelineView.as_view(), name="guideline-read"),
    path(
        "projects/<slug:slug>/guideline/draft/",
        draft_api.GuidelineDraftView.as_view(),
        name="guideline-draft",
    ),
    path(
        "projects/<slug:slug>/guideline/draft/publish/",
        draft_api.GuidelinePublishView.as_view(),
        name="guideline-publish",
    ),
    path(
        "projects/<slug:slug>/taxonomy/draft/", draft_api.TaxonomyDraftView.as_view(), name="taxonomy-draft"
    ),
    path(
        "projects/<slug:slug>/taxonomy/draft/publish/",
        draft_api.TaxonomyPublishView.as_view(),
        name="taxonomy-publish",
    ),
]
