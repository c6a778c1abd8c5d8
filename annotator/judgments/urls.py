"""Addresses of the judgments stage."""

from django.urls import URLPattern, path

from annotator.judgments import views

app_name = "judgments"
urlpatterns: list[URLPattern] = [
    path("label/", views.label, name="label"),
    path("label/next/", views.label_next, name="next"),
    path("label/skip/", views.skip, name="skip"),
    path("label/flag/", views.flag, name="flag"),
    path("label/undo/", views.undo, name="undo"),
    path("label/renew/", views.renew, name="renew"),
    path("label/release/", views.release, name="release"),
    path("judgments/", views.history, name="history"),
    path("judgments/<int:judgment_id>/", views.edit, name="edit"),
]
