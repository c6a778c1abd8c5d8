"""Pages on which people say what schools do with each category, and which pages must not be over-blocked."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.errors import BadInput, NotFound
from annotator.http import render_page
from annotator.pool.selectors import ItemFilter, item_rows, items_of
from annotator.projects.access import Access, Can, project_for
from learner.core.pack import PACKS
from learner.evaluation.lens.cells import percent
from learner.evaluation.lens.forms import PackForm, PackRuleForm, ProfileForm
from learner.evaluation.lens.services import (
    pack_add,
    pack_ids,
    pack_remove,
    pack_rule_set,
    profile_set,
    rules_shown,
)
from learner.evaluation.models import ProfileVersion
from learner.evaluation.packs import packs_of
from learner.evaluation.profiles import exceptions_of, profile_current, profile_latest, profile_versions

FOUND_MAX = 50
VERSIONS_SHOWN = 10
UNKNOWN_SHOWN = 5
IDS_MAX = 200
DIGITS_MAX = 18


@require_GET
@login_required
def profiles(request: HttpRequest, slug: str) -> HttpResponse:
    """The profiles side by side: what each does with each category, and from which probability on."""
    access = project_for(request.user, slug, Can.INSPECT)
    current = [
        (name, label, profile_current(access.project, name)) for name, label in ProfileVersion.Name.choices
    ]
    rows = [
        (
            category,
            [
                (
                    label,
                    rules.actions.get(category.slug, "") if rules else "",
                    rules.thresholds.get(category.slug) if rules else None,
                    rules.why.get(category.slug, "") if rules else "",
                )
                for _, label, rules in current
            ],
        )
        for category in access.taxonomy.categories
    ]
    context = {"access": access, "nav": "classifiers", "current": current, "rows": rows}
    return render_page(request, "evaluation/profiles.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def profile(request: HttpRequest, slug: str, school: str) -> HttpResponse:
    """One profile: its rules, and its versions."""
    access = project_for(request.user, slug, Can.STEER if request.method == "POST" else Can.INSPECT)
    if school not in ProfileVersion.Name.values:
        raise NotFound(f'There is no profile "{school[:40]}".')
    latest = profile_latest(access.project, school)
    if request.method == "POST":
        form = ProfileForm(request.POST, taxonomy=access.taxonomy)
        if form.is_valid():
            try:
                version = profile_set(access, form.draft_of(school))
            except BadInput as error:
                for field, problem in error.details.items():
                    form.add_error(field if field in form.fields else None, str(problem))
            else:
                messages.success(request, f"The {version} holds from now on.")
                return redirect("evaluation:profiles", slug=slug)
    else:
        pages_a_day = latest.pages_a_day if latest else None
        number = latest.number if latest else 0
        rules = rules_shown(access, school, latest)
        form = ProfileForm(
            taxonomy=access.taxonomy,
            initial=ProfileForm.initial_of(rules, number=number, pages_a_day=pages_a_day),
        )
    versions = list(profile_versions(access.project, school)[:VERSIONS_SHOWN])
    exceptions = exceptions_of(versions)
    context = {
        "access": access,
        "nav": "classifiers",
        "form": form,
        "title": ProfileVersion.Name(school).label,
        "latest": latest,
        "versions": [(version, exceptions.get(version.pk, [])) for version in versions],
    }
    status = 422 if form.errors else 200
    return render_page(request, "evaluation/profile.html", context, status=status)


@require_http_methods(["GET", "POST"])
@login_required
def packs(request: HttpRequest, slug: str) -> HttpResponse:
    """The over-block pack: its pages by slice, a form to add some, and a search for pages of the project."""
    access = project_for(request.user, slug, Can.INSPECT)
    form = PackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _added(request, access, form.cleaned_data)
        return redirect("evaluation:packs", slug=slug)
    wanted = request.GET.get("text", "").replace("\0", "")[:200]
    found = items_of(access.project, ItemFilter(text=wanted)).filter(withheld=False) if wanted else None
    context = {
        "access": access,
        "nav": "classifiers",
        "form": form,
        "packs": [
            (
                pack,
                percent(pack.asked.limit),
                PackRuleForm(initial=PackRuleForm.initial_of(pack.asked), auto_id=f"{pack.slug}-%s"),
            )
            for pack in packs_of(access.project)
        ],
        "text": wanted,
        "found": item_rows(list(found[:FOUND_MAX])) if found is not None else [],
        "found_max": FOUND_MAX,
    }
    return render_page(request, "evaluation/packs.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def pack_out(request: HttpRequest, slug: str) -> HttpResponse:
    """Take one page out of a slice."""
    access = project_for(request.user, slug, Can.INSPECT)
    pack, wanted = request.POST.get("pack", ""), request.POST.get("item", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) <= DIGITS_MAX):
        raise BadInput("Say which page by its number.")
    if pack_remove(access, pack, int(wanted)):
        messages.success(request, f"Taken out of {PACKS[pack]}. That it was in it stays on record.")
    return redirect("evaluation:packs", slug=slug)


@require_POST
@login_required
def pack_rule(request: HttpRequest, slug: str, pack: str) -> HttpResponse:
    """Set the limit and the quota of one slice."""
    access = project_for(request.user, slug, Can.STEER)
    form = PackRuleForm(request.POST)
    if not form.is_valid():
        problems = "; ".join(f"{name}: {said[0]}" for name, said in form.errors.items())
        raise BadInput(f"Send number, the limit in percent, and quota. {problems}")
    given = form.cleaned_data
    pack_rule_set(
        access,
        pack,
        limit=given["limit"] / 100,
        quota=given["quota"],
        based_on=given["number"],
        note=given["note"],
    )
    messages.success(request, f"Set for {PACKS[pack]}. The gate goes by it from now on.")
    return redirect("evaluation:packs", slug=slug)


def _added(request: HttpRequest, access: Access, typed: dict[str, Any]) -> None:
    """Put in what the form names, and say what was not found."""
    lines = [line.strip() for line in typed["addresses"].splitlines() if line.strip()]
    ids, unknown = pack_ids(access.project, lines)
    ticked = request.POST.getlist("item")[:IDS_MAX]
    ids += [int(pk) for pk in ticked if pk.isascii() and pk.isdigit() and len(pk) <= DIGITS_MAX]
    n = pack_add(access, typed["pack"], ids, typed["note"])
    messages.success(
        request, f"{n:,} pages put into {PACKS[typed['pack']]}. The next evaluation counts them."
    )
    if unknown:
        shown = ", ".join(line[:80].replace("http", "hxxp") for line in unknown[:UNKNOWN_SHOWN])
        messages.warning(request, f"{len(unknown):,} lines name no page of this project: {shown}")
