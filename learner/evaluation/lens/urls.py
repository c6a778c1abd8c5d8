"""Addresses of the pages about an evaluation, school profiles and the over-block pack, below a project."""

from django.urls import path

from learner.evaluation.lens import policy_views, views

app_name = "evaluation"
urlpatterns = [
    path("evaluation/", views.newest, name="newest"),
    path("classifiers/<int:number>/evaluation/", views.evaluation, name="evaluation"),
    path("classifiers/<int:number>/evaluation/<slug:category>/", views.category, name="category"),
    path("profiles/", policy_views.profiles, name="profiles"),
    path("profiles/<slug:school>/", policy_views.profile, name="profile"),
    path("pack/", policy_views.packs, name="packs"),
    path("pack/out/", policy_views.pack_out, name="pack_out"),
    path("pack/<slug:pack>/rule/", policy_views.pack_rule, name="pack_rule"),
]
