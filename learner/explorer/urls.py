"""Addresses of the explorer stage, below a project."""

from django.urls import path

from learner.explorer import views

app_name = "explorer"
urlpatterns = [
    path("explorer/", views.explorer, name="explorer"),
    path("explorer/snapshot/", views.to_snapshot, name="to_snapshot"),
    path("explorer/filters/", views.save, name="save"),
    path("explorer/filters/<int:pk>/delete/", views.delete, name="delete"),
]
