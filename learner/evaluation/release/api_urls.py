"""API addresses of the release."""

from django.urls import path

from learner.evaluation.release import api, card_api

VERSION = "projects/<slug:slug>/classifiers/<int:number>/"

urlpatterns = [
    path("projects/<slug:slug>/serving/", api.ServingView.as_view(), name="serving"),
    path("projects/<slug:slug>/promotions/", api.PromotionsView.as_view(), name="promotion-list"),
    path("projects/<slug:slug>/promotions/back/", api.PromotionBackView.as_view(), name="promotion-back"),
    path(f"{VERSION}promote/", api.PromoteView.as_view(), name="promotion-make"),
    path(f"{VERSION}gate/", api.GateView.as_view(), name="gate"),
    path(f"{VERSION}evaluate/", api.EvaluateView.as_view(), name="evaluation-ask"),
    path(f"{VERSION}summary/", api.SummaryView.as_view(), name="classifier-summary"),
    path("projects/<slug:slug>/gate-rules/", api.GateRulesView.as_view(), name="gate-rules"),
    path(
        "projects/<slug:slug>/gate-rules/history/", api.GateRulesHistoryView.as_view(), name="gate-rules-list"
    ),
    path(
        "projects/<slug:slug>/gate-rules/effect/", api.GateRulesEffectView.as_view(), name="gate-rules-effect"
    ),
    path(f"{VERSION}card/<str:name>", card_api.ModelCardFileView.as_view(), name="model-card-file"),
    path(
        "projects/<slug:slug>/model-card-sections/",
        card_api.ModelSectionsView.as_view(),
        name="model-card-section-list",
    ),
    path(
        "projects/<slug:slug>/model-card-sections/<slug:section>/",
        card_api.ModelSectionView.as_view(),
        name="model-card-section-write",
    ),
    path(
        "projects/<slug:slug>/version-comparisons/",
        card_api.VersionComparisonsView.as_view(),
        name="version-comparison-list",
    ),
    path(
        "projects/<slug:slug>/version-comparisons/<int:run_id>/",
        card_api.VersionComparisonView.as_view(),
        name="version-comparison-read",
    ),
]
