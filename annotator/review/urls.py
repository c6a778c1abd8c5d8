"""Addresses of the review stage."""

from django.urls import path

from annotator.review import views
from annotator.review.acts import adjudication_views, bulk_views, gold_views, spread_views
from annotator.review.agreement import views as agreement_views
from annotator.review.disputes import views as dispute_views
from annotator.review.outputs import views as output_views
from annotator.review.people import views as people_views
from annotator.review.policy import changed_views, citing_views
from annotator.review.policy import views as policy_views
from annotator.review.questions import views as question_views

app_name = "review"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("outputs/", output_views.outputs, name="outputs"),
    path("outputs/<str:output>/", output_views.output_read, name="output"),
    path("disagreements/", views.disagreements, name="disagreements"),
    path("disagreements/next/", dispute_views.disagreement_next, name="disagreement_next"),
    path("disagreements/<int:disagreement_id>/", dispute_views.disagreement, name="disagreement"),
    path("disagreements/<int:disagreement_id>/lease/", dispute_views.lease, name="lease"),
    path("items/<int:item_id>/review/", views.item_review, name="item_review"),
    path("items/<int:item_id>/alike/", views.alike, name="alike"),
    path("items/<int:item_id>/spread/", spread_views.spread, name="spread"),
    path("patterns/<str:pattern>/bulk/", bulk_views.bulk_new, name="bulk_new"),
    path("bulks/<int:bulk_id>/", bulk_views.bulk, name="bulk"),
    path("bulks/<int:bulk_id>/answers/", bulk_views.bulk_check, name="bulk_answer"),
    path("items/<int:item_id>/question/", question_views.item_question, name="item_question"),
    path("items/<int:item_id>/gold/", gold_views.item_gold, name="item_gold"),
    path("items/<int:item_id>/clause/", citing_views.item_clause, name="item_clause"),
    path("questions/", question_views.questions, name="questions"),
    path("questions/asked/", question_views.questions_asked, name="questions_asked"),
    path("questions/count/", question_views.questions_count, name="questions_count"),
    path("questions/<int:question_id>/", question_views.question, name="question"),
    path("questions/<int:question_id>/close/", question_views.question_end, name="question_close"),
    path("questions/<int:question_id>/mine/", question_views.question_own, name="question_own"),
    path("adjudications/", adjudication_views.adjudications, name="adjudications"),
    path("adjudications/<int:entry_id>/", adjudication_views.adjudication, name="adjudication"),
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
    path("guideline/draft/impact/", citing_views.impact, name="guideline_draft_impact"),
    path("policy/", policy_views.policy, name="policy"),
    path("taxonomy/draft/impact/", policy_views.taxonomy_touches, name="taxonomy_draft_impact"),
    path("changed/", changed_views.changed, name="changed"),
    path("rechecks/", policy_views.rechecks, name="rechecks"),
    path("rechecks/<int:number>/cancel/", policy_views.recheck_stop, name="recheck_cancel"),
    path("flags/", views.flags, name="flags"),
    path("flags/<int:flag_id>/close/", views.flag_end, name="flag_close"),
]
