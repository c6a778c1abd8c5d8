"""Addresses of the pool stage."""

from django.urls import path

from annotator.pool import erasure_views, views

app_name = "pool"
urlpatterns = [
    path("ingests/", views.ingests, name="ingests"),
    path("ingests/<int:ingest_id>/", views.ingest, name="ingest"),
    path("ingests/<int:ingest_id>/refused/", views.refused, name="refused"),
    path("erasures/", erasure_views.erasures, name="erasures"),
    path("erasures/retention/", erasure_views.retention, name="retention"),
    path("items/", views.items, name="items"),
    path("items/<int:item_id>/", views.item, name="item"),
]
