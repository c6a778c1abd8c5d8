"""API addresses of the suspects stage."""

from django.urls import path

from learner.suspects import api

urlpatterns = [
    path("projects/<slug:slug>/suspects/", api.SuspectsView.as_view(), name="suspect-list"),
    path(
        "projects/<slug:slug>/suspects/<int:suspect_id>/confirm/",
        api.SuspectConfirmView.as_view(),
        name="suspect-confirm",
    ),
    path(
        "projects/<slug:slug>/suspects/<int:suspect_id>/fix/",
        api.SuspectFixView.as_view(),
        name="suspect-fix",
    ),
    path(
        "projects/<slug:slug>/suspects/<int:suspect_id>/send-back/",
        api.SuspectSendBackView.as_view(),
        name="suspect-send-back",
    ),
]
