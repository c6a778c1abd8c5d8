"""API addresses of the review stage."""

from django.urls import path

from annotator.review import api, overview_api
from annotator.review.acts import adjudication_api, gold_api
from annotator.review.acts import api as act_api
from annotator.review.agreement import api as agreement_api
from annotator.review.agreement import items_api as agreement_items_api
from annotator.review.disputes import api as dispute_api
from annotator.review.items import alike_api
from annotator.review.items import api as item_api
from annotator.review.outputs import api as output_api
from annotator.review.people import api as people_api
from annotator.review.people import person_api
from annotator.review.policy import api as policy_api
from annotator.review.policy import impact_api
from annotator.review.questions import api as question_api

urlpatterns = [
    path("projects/<slug:slug>/items/", item_api.ItemsView.as_view(), name="item-list"),
    path("projects/<slug:slug>/outputs/", output_api.OutputsView.as_view(), name="output-list"),
    path("projects/<slug:slug>/outputs/<str:output>/", output_api.OutputView.as_view(), name="output-read"),
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
    path("projects/<slug:slug>/items/<int:item_id>/spread/", act_api.SpreadView.as_view(), name="spread"),
    path("projects/<slug:slug>/bulks/", act_api.BulksView.as_view(), name="bulk-list"),
    path("projects/<slug:slug>/bulks/<int:bulk_id>/", act_api.BulkView.as_view(), name="bulk-read"),
    path(
        "projects/<slug:slug>/bulks/<int:bulk_id>/answers/",
        act_api.BulkAnswersView.as_view(),
        name="bulk-answer",
    ),
    path(
        "projects/<slug:slug>/bulks/<int:bulk_id>/apply/", act_api.BulkApplyView.as_view(), name="bulk-apply"
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
    path("projects/<slug:slug>/questions/", question_api.QuestionsView.as_view(), name="question-list"),
    path("projects/<slug:slug>/questions/me/", question_api.OwnQuestionsView.as_view(), name="question-me"),
    path(
        "projects/<slug:slug>/questions/<int:question_id>/",
        question_api.QuestionView.as_view(),
        name="question-read",
    ),
    path(
        "projects/<slug:slug>/questions/<int:question_id>/write/",
        question_api.QuestionWriteView.as_view(),
        name="question-write",
    ),
    path(
        "projects/<slug:slug>/questions/<int:question_id>/close/",
        question_api.QuestionCloseView.as_view(),
        name="question-close",
    ),
    path(
        "projects/<slug:slug>/questions/<int:question_id>/answer/",
        question_api.QuestionAnswerView.as_view(),
        name="question-answer",
    ),
    path("projects/<slug:slug>/flags/", api.FlagsView.as_view(), name="flag-list"),
    path("projects/<slug:slug>/flags/<int:flag_id>/close/", api.FlagCloseView.as_view(), name="flag-close"),
    path("projects/<slug:slug>/gold/", api.GoldListView.as_view(), name="gold-list"),
    path("projects/<slug:slug>/gold/<int:gold_id>/retire/", api.GoldRetireView.as_view(), name="gold-retire"),
    path(
        "projects/<slug:slug>/agreement/adaptive/",
        agreement_api.AdaptiveView.as_view(),
        name="agreement-adaptive",
    ),
    path("projects/<slug:slug>/policy/", policy_api.PolicyView.as_view(), name="policy-read"),
    path("projects/<slug:slug>/changed/", policy_api.ChangedView.as_view(), name="changed-list"),
    path("projects/<slug:slug>/rechecks/", policy_api.RechecksView.as_view(), name="recheck-list"),
    path(
        "projects/<slug:slug>/rechecks/<int:number>/cancel/",
        policy_api.RecheckCancelView.as_view(),
        name="recheck-cancel",
    ),
    path("projects/<slug:slug>/agreement/", agreement_api.AgreementView.as_view(), name="agreement-read"),
    path("projects/<slug:slug>/people/", people_api.PeopleView.as_view(), name="people-list"),
    path("projects/<slug:slug>/people/checks/", people_api.PeopleChecksView.as_view(), name="people-checks"),
    path("projects/<slug:slug>/people/me/", people_api.OwnPeopleView.as_view(), name="people-me"),
    path("projects/<slug:slug>/people/<int:user_id>/", person_api.PersonView.as_view(), name="person-read"),
    path(
        "projects/<slug:slug>/people/<int:user_id>/standing/",
        person_api.StandingView.as_view(),
        name="standing-set",
    ),
    path("projects/<slug:slug>/checks/me/", person_api.OwnChecksView.as_view(), name="checks-me"),
    path(
        "projects/<slug:slug>/agreement/items/",
        agreement_items_api.AgreementItemsView.as_view(),
        name="agreement-item-list",
    ),
    path("projects/<slug:slug>/guideline/cited/", impact_api.CitedView.as_view(), name="cited-list"),
    path(
        "projects/<slug:slug>/guideline/draft/impact/",
        impact_api.GuidelineImpactView.as_view(),
        name="guideline-draft-impact",
    ),
    path(
        "projects/<slug:slug>/taxonomy/draft/impact/",
        impact_api.TaxonomyImpactView.as_view(),
        name="taxonomy-draft-impact",
    ),
    path(
        "projects/<slug:slug>/rechecks/groups/",
        impact_api.RecheckGroupsView.as_view(),
        name="recheck-group-list",
    ),
    path("projects/<slug:slug>/items/<int:item_id>/alike/", alike_api.AlikeView.as_view(), name="item-alike"),
    path("projects/<slug:slug>/gold/coverage/", gold_api.GoldCoverageView.as_view(), name="gold-coverage"),
    path(
        "projects/<slug:slug>/gold/suggestions/",
        gold_api.GoldSuggestionsView.as_view(),
        name="gold-suggestion-list",
    ),
    path("projects/<slug:slug>/overview/", overview_api.OverviewView.as_view(), name="overview"),
]
