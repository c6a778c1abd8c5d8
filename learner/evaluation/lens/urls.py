"""Addresses of the pages about an evaluation, below a project."""

from django.urls import path

from learner.evaluation.lens import views

app_name = "evaluation"
urlpatterns = [
    path("evaluation/", views.newest, name="newest"),
    path("classifiers/<int:number>/evaluation/", views.evaluation, name="evaluation"),
    path("classifiers/<int:number>/evaluation/<slug:category>/", views.category, name="category"),
]
