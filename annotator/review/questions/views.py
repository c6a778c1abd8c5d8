"""Pages of questions: a lead asks and reads every exchange; whoever is asked reads and answers their own."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.errors import BadInput, Conflict, CrossguardError, Throttled
from annotator.http import render_page
from annotator.judgments.desk import was_harmful
from annotator.judgments.keymap import keymap_of
from annotator.judgments.models import Seat
from annotator.judgments.seats import seat_of
from annotator.pool.pane import SHIELD_FROM, item_pane
from annotator.projects.access import Access, Can, project_for
from annotator.projects.prose import prose
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.review.desk.going_on import back_url, onward_url, undone_url
from annotator.review.desk.item import desk_of, url_parts
from annotator.review.models import Question
from annotator.review.questions.asking import (
    WAIT,
    question_answer,
    question_ask,
    question_close,
    question_words,
    question_write,
)
from annotator.review.questions.forms import QuestionForm, ReplyForm
from annotator.review.questions.threads import (
    Judge,
    OwnQuestion,
    judges_of,
    n_to_answer,
    news_seen,
    own_question,
    own_questions,
    participant_seen,
    questions_of,
    questions_with_news,
    thread_of,
)
from annotator.review.selectors import ItemReview, item_review

PAGE = 50
TABS = [
    ("", "All"),
    (Question.Status.OPEN.value, "Waiting"),
    (Question.Status.ANSWERED.value, "Answered"),
    (Question.Status.CLOSED.value, "Closed"),
]
ASKED = "Asked. You are told here, and at Questions, when answers come."


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def item_question(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """Ask those who judged one item; POST asks, and goes on to the next disagreement."""
    access = project_for(request.user, slug, Can.RESOLVE)
    review, taxonomy = item_review(access.project, item_id), taxonomy_current(access.project)
    judges = [
        judge for judge in judges_of(access.project, item_id) if judge.judgment.annotator_id != access.user.pk
    ]
    form = QuestionForm(
        request.POST or None,
        judges=judges,
        taxonomy=taxonomy,
        guideline=guideline_current(access.project),
        initial=_suggested(review, judges, access),
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            question_ask(access, item_id, form.draft, client_id=form.cleaned_data["client_id"])
        except (BadInput, Conflict, Throttled) as error:
            form.add_error(None, error.message)
            status = int(error.status) if not isinstance(error, BadInput) else 422
        else:
            messages.success(request, ASKED)
            return redirect(onward_url(request, access, item_id))
    elif request.method == "POST":
        status = 422
    ticked = set(form["annotators"].value() or ())
    context = {
        "access": access,
        "nav": "disagreements",
        "item": review.item,
        "url": url_parts(review.item),
        "form": form,
        "judges": [(judge, judge.judgment.annotator.username in ticked) for judge in judges],
        "waits": review.disagreement is not None,
        "days": WAIT.days,
        "back": back_url(request, access, item_id),
    }
    return render_page(request, "review/question_ask.html", context, status=status)


@require_GET
@login_required
@never_cache
def questions_asked(request: HttpRequest, slug: str) -> HttpResponse:
    """What leads asked, newest first, with how many have answered; what this lead has not read is marked."""
    access = project_for(request.user, slug, Can.RESOLVE)
    status = request.GET.get("status", "")
    status = status if status in Question.Status.values else ""
    page = Paginator(questions_of(access.project, status), PAGE).get_page(request.GET.get("page"))
    news = set(
        questions_with_news(access).filter(pk__in=[row.pk for row in page]).values_list("pk", flat=True)
    )
    now = timezone.now()
    context = {
        "access": access,
        "nav": "question",
        "page": page,
        "status": status,
        "tabs": TABS,
        "lines": [
            (
                row,
                url_parts(row.item),
                row.pk in news,
                row.status == Question.Status.OPEN and row.waits_until < now,
            )
            for row in page
        ],
        "n_own": n_to_answer(access),
    }
    return render_page(request, "review/questions_asked.html", context)


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def question(request: HttpRequest, slug: str, question_id: int) -> HttpResponse:
    """One question with every exchange, for leads; POST writes to one participant. Looking marks it as read."""
    access = project_for(request.user, slug, Can.RESOLVE)
    refused, error = None, None
    if request.method == "POST":
        refused = ReplyForm(request.POST)
        try:
            _write(access, question_id, refused)
        except (BadInput, Conflict) as refusal:
            error = refusal
        else:
            messages.success(request, "Sent. They alone read it.")
            return redirect("review:question", slug=slug, question_id=question_id)
    thread = thread_of(access.project, question_id)
    news_seen(thread.question, access.user)
    context = {
        "access": access,
        "nav": "question",
        "thread": thread,
        "desk": desk_of(access, thread.question.item_id),
        "forms": [(exchange, uuid4()) for exchange in thread.exchanges],
        "refused": refused,
        "error": error,
    }
    return render_page(request, "review/question.html", context, status=_status(error))


@require_POST
@login_required
def question_end(request: HttpRequest, slug: str, question_id: int) -> HttpResponse:
    """Close a question; from the desk's undo, go to what it was about."""
    access = project_for(request.user, slug, Can.RESOLVE)
    closed = question_close(access, question_id)
    messages.success(request, "Closed: nobody is asked any more.")
    if request.POST.get("desk"):
        return redirect(undone_url(access, closed.item_id))
    return redirect("review:questions_asked", slug=slug)


@require_GET
@login_required
@never_cache
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """What one was asked oneself, what waits first."""
    access = project_for(request.user, slug, Can.LABEL)
    context = {"access": access, "nav": "question", "rows": own_questions(access)}
    return render_page(request, "review/questions.html", context)


@require_GET
@login_required
@never_cache
def questions_count(request: HttpRequest, slug: str) -> HttpResponse:
    """How many questions wait for one, and for a lead how many have news: a part of the navigation."""
    access = project_for(request.user, slug, Can.LABEL)
    is_lead = access.can[Can.RESOLVE]
    context = {
        "n_own": n_to_answer(access),
        "n_news": questions_with_news(access).count() if is_lead else 0,
    }
    return render_page(request, "review/questions_count.html", context)


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def question_own(request: HttpRequest, slug: str, question_id: int) -> HttpResponse:
    """One question to oneself, beside the page and one's own judgment; POST answers it."""
    access = project_for(request.user, slug, Can.LABEL)
    form, error = ReplyForm(), None
    if request.method == "POST":
        form = ReplyForm(request.POST)
        try:
            decision = _answer(access, question_id, form)
        except (BadInput, Conflict) as refusal:
            error = refusal
        else:
            return _answered(request, access, question_id, decision)
    own = own_question(access, question_id)
    participant_seen(own.exchange.participant)
    context = {
        "access": access,
        "nav": "question",
        "own": own,
        "form": form,
        "error": error,
        "client_id": uuid4() if error is None else request.POST.get("client_id", ""),
        **_evidence(access, own),
    }
    return render_page(request, "review/question_own.html", context, status=_status(error))


def _suggested(review: ItemReview, judges: list[Judge], access: Access) -> dict[str, object]:
    """What to start from: a question that leads nobody on, to everybody, about the only category in dispute."""
    disputed = sorted(review.disputed & set(access.taxonomy.slugs))
    return {
        "text": question_words([access.taxonomy.name_of(slug) for slug in disputed]),
        "annotators": [judge.judgment.annotator.username for judge in judges if judge.can_answer],
        "category": disputed[0] if len(disputed) == 1 else "",
    }


def _write(access: Access, question_id: int, form: ReplyForm) -> None:
    if not form.is_valid():
        raise BadInput(_problem(form))
    cleaned = form.cleaned_data
    question_write(
        access, question_id, cleaned["annotator"], text=cleaned["text"], client_id=cleaned["client_id"]
    )


def _answer(access: Access, question_id: int, form: ReplyForm) -> str:
    if not form.is_valid():
        raise BadInput(_problem(form))
    cleaned = form.cleaned_data
    question_answer(
        access,
        question_id,
        text=cleaned["text"],
        decision=cleaned["decision"],
        client_id=cleaned["client_id"],
    )
    return str(cleaned["decision"])


def _answered(request: HttpRequest, access: Access, question_id: int, decision: str) -> HttpResponse:
    """To the judgment that is to be changed, which leads back; else to the other questions."""
    standing = own_question(access, question_id).exchange.judgment
    if decision == "change" and standing is not None:
        edit = redirect("judgments:edit", slug=access.project.slug, judgment_id=standing.pk)
        edit.headers["Location"] += f"?question={question_id}"
        return edit
    messages.success(request, "Sent to the lead alone.")
    return redirect("review:questions", slug=access.project.slug)


def _evidence(access: Access, own: OwnQuestion) -> dict[str, object]:
    """The page as its judge sees it: inert, covered where it may be harmful."""
    taxonomy, judgment = taxonomy_current(access.project), own.exchange.participant.judgment
    seat = seat_of(access.project, access.user)
    asked = taxonomy.severity_of([own.question.category] if own.question.category else [])
    clause = own.question.clause
    return {
        "shown": item_pane(own.question.item, taxonomy),
        "shielded": seat.shield == Seat.Shield.ALWAYS
        or was_harmful(judgment, taxonomy)
        or asked >= SHIELD_FROM,
        "keymap": keymap_of(taxonomy, seat.keys),
        "clause_body": prose(clause.body) if clause else "",
    }


def _problem(form: ReplyForm) -> str:
    """The first thing that is wrong with a form, as a sentence."""
    name, problems = next(iter(form.errors.items()))
    return f"{form.fields[name].label or name}: {problems[0]}"


def _status(error: CrossguardError | None) -> int:
    if error is None:
        return 200
    return 422 if isinstance(error, BadInput) else int(error.status)
