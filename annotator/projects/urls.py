"""Addresses of the projects stage."""

from collections.abc import Iterator

from django.urls import URLPattern, path

from annotator.projects import views
from annotator.projects.drafts import views as draft_views
from annotator.projects.drafts.pages import GUIDELINE_PAGE, TAXONOMY_PAGE, DraftPage


def _draft_paths(page: DraftPage) -> Iterator[URLPattern]:
    word, page_of = page.subject.word, {"page": page}
    address = f"projects/<slug:slug>/{word}/draft/"
    yield path(address, draft_views.draft, page_of, name=f"{word}_draft")
    yield path(f"{address}change/", draft_views.change, page_of, name=f"{word}_draft_change")
    yield path(f"{address}publish/", draft_views.publish, page_of, name=f"{word}_draft_publish")
    yield path(f"{address}discard/", draft_views.discard, page_of, name=f"{word}_draft_discard")


app_name = "projects"
urlpatterns = [
    path("", views.home, name="home"),
    path("projects/new/", views.create, name="create"),
    path("projects/<slug:slug>/guideline/", views.guideline, name="guideline"),
    path("projects/<slug:slug>/guideline/publish/", views.publish, name="publish"),
    *_draft_paths(GUIDELINE_PAGE),
    *_draft_paths(TAXONOMY_PAGE),
    path("projects/<slug:slug>/settings/", views.settings, name="settings"),
    path("projects/<slug:slug>/members/", views.members, name="members"),
    path("projects/<slug:slug>/members/end/", views.member_end, name="member_end"),
    path("projects/<slug:slug>/members/case-holder/", views.case_holder, name="case_holder"),
    path("projects/<slug:slug>/log/", views.log, name="log"),
]
