"""Addresses of the review stage."""

from django.urls import path

from annotator.review import (
    adjudication_views,
    agreement_views,
    citing_views,
    dispute_views,
    gold_views,
    people_views,
    policy_views,
    views,
)

app_name = "review"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("disagreements/", views.disagreements, name="disagreements"),
    path("disagreements/next/", dispute_views.disagreement_next, name="disagreement_next"),
    path("disagreements/<int:disagreement_id>/", dispute_views.disagreement, name="disagreement"),
    path("disagreements/<int:disagreement_id>/lease/", dispute_views.lease, name="lease"),
    path("items/<int:item_id>/review/", views.item_review, name="item_review"),
    path("items/<int:item_id>/alike/", views.alike, name="alike"),
    path("adjudications/", adjudication_views.adjudications, name="adjudications"),
    path("adjudications/<int:entry_id>/revert/", adjudication_views.revert, name="revert"),
    path("agreement/", agreement_views.agreement, name="agreement"),
    path("agreement/items/", agreement_views.agreement_items, name="agreement_items"),
    path("gold/", gold_views.gold, name="gold"),
    path("gold/<int:gold_id>/retire/", gold_views.gold_end, name="gold_retire"),
    path("people/", people_views.people, name="people"),
    path("people/<int:user_id>/", people_views.person, name="person"),
    path("people/<int:user_id>/standing/", people_views.standing, name="standing"),
    path("judgments/checks/", people_views.checks, name="own_checks"),
    path("guideline/cited/", citing_views.cited, name="cited"),
    path("guideline/draft/impact/", citing_views.impact, name="draft_impact"),
    path("policy/", policy_views.policy, name="policy"),
    path("taxonomy/draft/impact/", policy_views.taxonomy_touches, name="taxonomy_impact"),
    path("rechecks/", policy_views.rechecks, name="rechecks"),
    path("rechecks/<int:number>/cancel/", policy_views.recheck_stop, name="recheck_cancel"),
    path("flags/", views.flags, name="flags"),
    path("flags/<int:flag_id>/close/", views.flag_end, name="flag_close"),
]
