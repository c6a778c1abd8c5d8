"""Addresses of the queue stage."""

from django.urls import URLPattern, path

from annotator.queue import views

app_name = "queue"
urlpatterns: list[URLPattern] = [
    path("batches/", views.batches, name="batches"),
    path("batches/<int:number>/", views.batch, name="batch"),
    path("items/<int:item_id>/ledger/", views.item_ledger, name="item_ledger"),
]
