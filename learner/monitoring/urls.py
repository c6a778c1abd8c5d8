"""Addresses of the pages about what answers production, below a project."""

from django.urls import path

from learner.monitoring.experiments import views

app_name = "monitoring"
urlpatterns = [
    path("classifiers/experiments/", views.experiments, name="experiments"),
    path("classifiers/experiments/<int:number>/", views.experiment, name="experiment"),
    path("classifiers/experiments/<int:number>/stop/", views.stop, name="experiment_stop"),
    path("classifiers/experiments/<int:number>/promote/", views.promote, name="experiment_promote"),
    path("classifiers/experiments/<int:number>/pages/", views.pages, name="experiment_pages"),
]
