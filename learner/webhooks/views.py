"""Pages on webhooks, for admins: the endpoints, and the log of one."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotator.accounts.models import User
from annotator.errors import CrossguardError
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from learner.webhooks.forms import EndpointForm, EventsForm
from learner.webhooks.models import DeliveryStatus, Endpoint
from learner.webhooks.selectors import deliveries_of, delivery_of, endpoint_of, endpoints_of
from learner.webhooks.services import (
    delivery_repeat,
    endpoint_change,
    endpoint_create,
    endpoint_pause,
    endpoint_ping,
    endpoint_remove,
    endpoint_resume,
    endpoint_rotate,
)

PAGE = 30


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def webhooks(request: HttpRequest, slug: str) -> HttpResponse:
    """The endpoints of a project; POST adds one and shows its secret, this once."""
    access = project_for(request.user, slug, Can.CONFIGURE)
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            endpoint, secret = endpoint_create(
                access.project, data["url"], data["events"], by=access.user, note=data["note"]
            )
        except CrossguardError as error:
            form.add_error("url", error.message)
        else:
            return _webhook(request, access, endpoint_of(access.project, endpoint.pk), secret=secret)
    context = {"access": access, "nav": "webhooks", "endpoints": endpoints_of(access.project), "form": form}
    return render_page(request, "webhooks/webhooks.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@login_required
def webhook(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One endpoint and its log; POST changes what it is told of."""
    access = project_for(request.user, slug, Can.CONFIGURE)
    endpoint = endpoint_of(access.project, pk)
    if request.method == "GET":
        return _webhook(request, access, endpoint)
    form = EventsForm(request.POST)
    if not form.is_valid():
        return _webhook(request, access, endpoint, form=form)
    endpoint_change(endpoint, form.cleaned_data["events"], by=access.user, note=form.cleaned_data["note"])
    messages.success(request, "Saved. What is new to it is told from now on.")
    return redirect("webhooks:webhook", slug=slug, pk=pk)


@require_POST
@login_required
def ping(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Send a test."""
    return _done(request, slug, pk, lambda endpoint, _: endpoint_ping(endpoint), "A test is on its way.")


@require_POST
@login_required
def pause(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Send nothing for a while."""
    said = "Paused. What happens meanwhile waits, for up to 30 days."
    return _done(request, slug, pk, lambda endpoint, by: endpoint_pause(endpoint, by=by), said)


@require_POST
@login_required
def resume(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Send again."""
    said = "Resumed. What has waited is sent first."
    return _done(request, slug, pk, lambda endpoint, by: endpoint_resume(endpoint, by=by), said)


@require_POST
@login_required
@never_cache
def rotate(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Make the next secret and show it, this once."""
    access = project_for(request.user, slug, Can.CONFIGURE)
    secret = endpoint_rotate(endpoint_of(access.project, pk), by=access.user)
    return _webhook(request, access, endpoint_of(access.project, pk), secret=secret)


@require_POST
@login_required
def remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Remove an endpoint and its log."""
    access = project_for(request.user, slug, Can.CONFIGURE)
    endpoint_remove(endpoint_of(access.project, pk), by=access.user)
    messages.success(request, "The webhook is removed.")
    return redirect("webhooks:webhooks", slug=slug)


@require_POST
@login_required
def repeat(request: HttpRequest, slug: str, pk: int, delivery_id: int) -> HttpResponse:
    """Send one delivery again."""

    def again(endpoint: Endpoint, _: User) -> None:
        delivery_repeat(delivery_of(endpoint, delivery_id))

    return _done(request, slug, pk, again, "It is sent again, with the same id.")


def _done(
    request: HttpRequest, slug: str, pk: int, act: Callable[[Endpoint, User], object], said: str
) -> HttpResponse:
    """Do it, say so, and show the endpoint again."""
    access = project_for(request.user, slug, Can.CONFIGURE)
    act(endpoint_of(access.project, pk), access.user)
    messages.success(request, said)
    return redirect("webhooks:webhook", slug=slug, pk=pk)


def _webhook(
    request: HttpRequest,
    access: Access,
    endpoint: Endpoint,
    *,
    form: EventsForm | None = None,
    secret: str = "",
) -> HttpResponse:
    page = Paginator(deliveries_of(endpoint), PAGE).get_page(request.GET.get("page"))
    context = {
        "access": access,
        "nav": "webhooks",
        "endpoint": endpoint,
        "form": form or EventsForm(initial={"events": endpoint.events, "note": endpoint.note}),
        "secret": secret,
        "page": page,
        "under_way": any(
            row.status == DeliveryStatus.PENDING and row.attempts == 0 for row in page.object_list
        ),
    }
    return render_page(
        request, "webhooks/webhook.html", context, part="log", status=422 if form is not None else 200
    )
