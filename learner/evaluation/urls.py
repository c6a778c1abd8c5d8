"""Addresses of the pages about classifiers, below a project.

They are named `training:` for what they show. They live here because they also show evaluations, and a stage reads
only the stages below it.
"""

from django.urls import path

from learner.evaluation import views

app_name = "training"
urlpatterns = [
    path("classifiers/", views.classifiers, name="classifiers"),
    path("classifiers/<int:number>/", views.classifier, name="classifier"),
    path("classifiers/curve/", views.curve, name="curve"),
    path("classifiers/audits/", views.audits, name="audits"),
    path("classifiers/audits/open/", views.audits_open, name="audits_open"),
    path("classifiers/audits/truth/", views.truth, name="truth"),
    path("classifiers/now/", views.overview_part, name="overview_part"),
    path("classifiers/train/", views.train, name="train"),
    path("classifiers/choose/", views.choose, name="choose"),
    path("items/<int:item_id>/classifier/", views.item_part, name="item_part"),
    path("judgments/uses/", views.uses, name="uses"),
]
