"""Addresses of the learner's pages, below a project. They live here because comparing takes the newest classifier."""

from django.urls import path

from learner.training import views

app_name = "learner"
urlpatterns = [
    path("learner/", views.learner, name="queries"),
    path("learner/queries/<int:query_id>/", views.query, name="query"),
    path("learner/items/<int:item_id>/", views.look, name="look"),
    path("learner/settings/", views.steering, name="steering"),
    path("learner/suggestions/", views.suggestions, name="suggestions"),
    path("learner/comparisons/<int:shadow_id>/", views.shadow, name="shadow"),
    path("learner/comparisons/<int:shadow_id>/adopt/", views.shadow_adopt, name="shadow_adopt"),
]
