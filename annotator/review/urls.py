"""Addresses of the review stage."""

from django.urls import path

from annotator.review import views

app_name = "review"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("disagreements/", views.disagreements, name="disagreements"),
    path("disagreements/<int:disagreement_id>/", views.disagreement, name="disagreement"),
    path("items/<int:item_id>/review/", views.item_review, name="item_review"),
    path("agreement/", views.agreement, name="agreement"),
    path("flags/", views.flags, name="flags"),
    path("flags/<int:flag_id>/close/", views.flag_end, name="flag_close"),
]
