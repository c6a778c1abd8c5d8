"""Addresses of the release, below a project."""

from django.urls import path

from learner.evaluation.release import views

app_name = "release"
urlpatterns = [
    path("classifiers/serving/", views.serving, name="serving"),
    path("classifiers/serving/back/", views.back, name="back"),
    path("classifiers/rules/", views.rules, name="rules"),
    path("classifiers/<int:number>/gate/", views.gate, name="gate"),
    path("classifiers/<int:number>/gate/again/", views.gate_again, name="gate_again"),
    path("classifiers/<int:number>/evaluate/", views.evaluate, name="evaluate"),
]
