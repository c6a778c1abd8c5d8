"""Addresses of the errors stage, below a project."""

from django.urls import path

from learner.errors import report_views, views

app_name = "errors"
urlpatterns = [
    path("errors/", views.errors, name="errors"),
    path("errors/clusters/", views.clusters, name="clusters"),
    path("errors/causes/", views.causes, name="causes"),
    path("errors/batch/", views.batch, name="batch"),
    path("errors/clause/", views.clause, name="clause"),
    path("errors/relook/", views.relook, name="relook"),
    path("errors/reports/", report_views.reports, name="reports"),
    path("errors/reports/<int:number>/", report_views.report, name="report"),
    path("errors/reports/<int:number>/report.md", report_views.report_file, name="report_file"),
    path("errors/search/<int:number>/", views.search, name="search"),
    path("errors/<int:pk>/", views.error, name="error"),
]
