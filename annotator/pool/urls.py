"""Addresses of the pool stage."""

from django.urls import path

from annotator.pool import views

app_name = "pool"
urlpatterns = [
    path("ingests/", views.ingests, name="ingests"),
    path("ingests/<int:ingest_id>/", views.ingest, name="ingest"),
    path("ingests/<int:ingest_id>/refused/", views.refused, name="refused"),
    path("items/", views.items, name="items"),
    path("items/<int:item_id>/", views.item, name="item"),
]
