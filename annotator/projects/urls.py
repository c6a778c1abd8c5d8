"""Addresses of the projects stage."""

from django.urls import path

from annotator.projects import views

app_name = "projects"
urlpatterns = [
    path("", views.home, name="home"),
    path("projects/new/", views.create, name="create"),
    path("projects/<slug:slug>/guideline/", views.guideline, name="guideline"),
    path("projects/<slug:slug>/guideline/publish/", views.publish, name="publish"),
    path("projects/<slug:slug>/settings/", views.settings, name="settings"),
    path("projects/<slug:slug>/members/", views.members, name="members"),
    path("projects/<slug:slug>/members/end/", views.member_end, name="member_end"),
    path("projects/<slug:slug>/members/case-holder/", views.case_holder, name="case_holder"),
    path("projects/<slug:slug>/log/", views.log, name="log"),
]
