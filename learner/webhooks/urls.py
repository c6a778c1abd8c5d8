"""Addresses of the webhooks stage, below a project."""

from django.urls import path

from learner.webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("webhooks/", views.webhooks, name="webhooks"),
    path("webhooks/<int:pk>/", views.webhook, name="webhook"),
    path("webhooks/<int:pk>/ping/", views.ping, name="ping"),
    path("webhooks/<int:pk>/pause/", views.pause, name="pause"),
    path("webhooks/<int:pk>/resume/", views.resume, name="resume"),
    path("webhooks/<int:pk>/rotate/", views.rotate, name="rotate"),
    path("webhooks/<int:pk>/remove/", views.remove, name="remove"),
    path("webhooks/<int:pk>/deliveries/<int:delivery_id>/repeat/", views.repeat, name="repeat"),
]
