"""Addresses of the queue stage."""

from django.urls import URLPattern, path

from annotator.queue import case_views, served_views, views

app_name = "queue"
urlpatterns: list[URLPattern] = [
    path("batches/", views.batches, name="batches"),
    path("batches/<int:number>/", views.batch, name="batch"),
    path("ledger/", served_views.ledger, name="ledger"),
    path("cases/", case_views.cases, name="cases"),
    path("cases/<int:number>/", case_views.case, name="case"),
    path("cases/<int:number>/evidence/", case_views.case_evidence, name="case_evidence"),
    path("items/<int:item_id>/ledger/", views.item_ledger, name="item_ledger"),
]
