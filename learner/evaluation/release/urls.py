"""Addresses of the release, below a project."""

from django.urls import path

from learner.evaluation.release import card_views, compare_views, views

app_name = "release"
urlpatterns = [
    path("classifiers/serving/", views.serving, name="serving"),
    path("classifiers/serving/back/", views.back, name="back"),
    path("classifiers/rules/", views.rules, name="rules"),
    path("classifiers/compare/", compare_views.compare, name="compare"),
    path("classifiers/compare/<int:run_id>/", compare_views.comparison, name="comparison"),
    path("classifiers/card/", card_views.sections, name="sections"),
    path("classifiers/card/<slug:section>/", card_views.section, name="section"),
    path("classifiers/<int:number>/card/", card_views.card, name="card"),
    path("classifiers/<int:number>/card/<str:name>", card_views.card_file, name="card_file"),
    path("classifiers/<int:number>/gate/", views.gate, name="gate"),
    path("classifiers/<int:number>/gate/again/", views.gate_again, name="gate_again"),
    path("classifiers/<int:number>/summary/", views.summary, name="summary"),
    path("classifiers/<int:number>/evaluate/", views.evaluate, name="evaluate"),
]
