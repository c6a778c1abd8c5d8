"""Addresses of the suspects stage, below a project."""

from django.urls import path

from learner.suspects import views

app_name = "suspects"
urlpatterns = [
    path("suspects/", views.suspects, name="suspects"),
    path("suspects/<int:suspect_id>/", views.answer, name="answer"),
]
