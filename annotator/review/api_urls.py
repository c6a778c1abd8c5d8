"""API addresses of the review stage."""

from django.urls import path

from annotator.review import adjudication_api, agreement_api, api, dispute_api, people_api, policy_api

urlpatterns = [
    path("projects/<slug:slug>/resolutions/", api.ResolutionsView.as_view(), name="resolution-list"),
    path(
        "projects/<slug:slug>/adjudications/",
        adjudication_api.AdjudicationsView.as_view(),
        name="adjudication-list",
    ),
    path(
        "projects/<slug:slug>/adjudications/<int:entry_id>/revert/",
        adjudication_api.RevertView.as_view(),
        name="adjudication-revert",
    ),
    path("projects/<slug:slug>/disagreements/", api.DisagreementsView.as_view(), name="disagreement-list"),
    path(
        "projects/<slug:slug>/disagreements/<int:disagreement_id>/",
        api.DisagreementView.as_view(),
        name="disagreement-detail",
    ),
    path(
        "projects/<slug:slug>/disagreements/next/",
        dispute_api.NextView.as_view(),
        name="disagreement-next",
    ),
    path(
        "projects/<slug:slug>/disagreements/<int:disagreement_id>/lease/",
        dispute_api.LeaseView.as_view(),
        name="disagreement-lease",
    ),
    path(
        "projects/<slug:slug>/disagreements/<int:disagreement_id>/hold/",
        dispute_api.HoldView.as_view(),
        name="disagreement-hold",
    ),
    path(
        "projects/<slug:slug>/disagreements/<int:disagreement_id>/ask/",
        dispute_api.AskView.as_view(),
        name="disagreement-ask",
    ),
    path(
        "projects/<slug:slug>/disagreements/patterns/",
        api.PatternsView.as_view(),
        name="disagreement-patterns",
    ),
    path("projects/<slug:slug>/gold/", api.GoldListView.as_view(), name="gold-list"),
    path("projects/<slug:slug>/gold/<int:gold_id>/retire/", api.GoldRetireView.as_view(), name="gold-retire"),
    path("projects/<slug:slug>/policy/", policy_api.PolicyView.as_view(), name="policy-read"),
    path("projects/<slug:slug>/rechecks/", policy_api.RechecksView.as_view(), name="recheck-list"),
    path(
        "projects/<slug:slug>/rechecks/<int:number>/cancel/",
        policy_api.RecheckCancelView.as_view(),
        name="recheck-cancel",
    ),
    path("projects/<slug:slug>/agreement/", agreement_api.AgreementView.as_view(), name="agreement-read"),
    path("projects/<slug:slug>/people/", people_api.PeopleView.as_view(), name="people-list"),
    path("projects/<slug:slug>/people/me/", people_api.OwnPeopleView.as_view(), name="people-me"),
]
