"""API addresses of the explorer stage."""

from django.urls import path

from learner.explorer import api

urlpatterns = [
    path("projects/<slug:slug>/explorer/", api.ExplorerView.as_view(), name="explorer"),
]
