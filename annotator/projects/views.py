"""Pages of a project: the list, a new one, guideline, settings, members and log."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.accounts.models import User
from annotator.errors import BadInput, CrossguardError, Forbidden, NotSignedIn
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.changes import guideline_history
from annotator.projects.forms import (
    CaseHolderForm,
    MemberEndForm,
    MemberForm,
    NewProjectForm,
    PublishForm,
    SettingsForm,
    published_text,
)
from annotator.projects.models import Role
from annotator.projects.prose import prose
from annotator.projects.selectors import guideline_current, log_of, members_of, projects_of, taxonomy_current
from annotator.projects.services import (
    case_holder_set,
    may_create_projects,
    membership_end,
    membership_set,
    project_configure,
    project_create,
    version_publish,
)

LOG_PAGE = 100


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The caller's projects."""
    user = _user(request)
    context = {"memberships": projects_of(user), "may_create": may_create_projects(user)}
    return render_page(request, "projects/home.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def create(request: HttpRequest) -> HttpResponse:
    """A new project from one form."""
    user = _user(request)
    if not may_create_projects(user):
        raise Forbidden("You may not create projects. Ask an operator for the permission to add projects.")
    form = NewProjectForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            project = project_create(form.cleaned_data["drafted"], by=user)
        except CrossguardError as error:
            form.add_error("slug", error.message)
        else:
            return redirect("pool:ingests", slug=project.slug)
    return render_page(request, "projects/new.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@login_required
def guideline(request: HttpRequest, slug: str) -> HttpResponse:
    """The taxonomy and the guideline, for everybody in the project."""
    access = project_for(request.user, slug, Can.READ)
    taxonomy, current = taxonomy_current(access.project), guideline_current(access.project)
    clauses = [(clause, prose(clause.body)) for clause in current.clauses]
    context = {
        "access": access,
        "nav": "guideline",
        "taxonomy": taxonomy,
        "guideline": current,
        "history": guideline_history(access.project),
        "general": [(clause, body) for clause, body in clauses if not clause.category],
        "sections": [
            (category, [(clause, body) for clause, body in clauses if clause.category == category.slug])
            for category in taxonomy.categories
        ],
    }
    return render_page(request, "projects/guideline.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish the next taxonomy and guideline."""
    access = project_for(request.user, slug, Can.GUIDE)
    current = published_text(taxonomy_current(access.project), guideline_current(access.project))
    form = PublishForm(request.POST or None, project=access.project, initial={"text": current})
    if request.method == "POST" and form.is_valid():
        try:
            version_publish(
                access.project, form.cleaned_data["text"], by=access.user, note=form.cleaned_data["note"]
            )
        except CrossguardError as error:
            form.add_error("text", error.message)
        else:
            messages.success(request, "Published. New judgments are made under the new version.")
            return redirect("projects:guideline", slug=slug)
    context = {"access": access, "nav": "guideline", "form": form}
    return render_page(request, "projects/publish.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@login_required
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """The settings of the loop."""
    access = project_for(request.user, slug, Can.CONFIGURE)
    form = SettingsForm(request.POST or None, instance=access.project)
    if request.method == "POST" and form.is_valid():
        project_configure(form.instance, by=access.user)
        messages.success(request, "Saved. The next tick goes by the new settings.")
        return redirect("projects:settings", slug=slug)
    context = {"access": access, "nav": "settings", "form": form}
    return render_page(request, "projects/settings.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@login_required
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """Who belongs to the project; POST gives somebody a role."""
    access = project_for(request.user, slug, Can.CONFIGURE)
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            membership_set(
                access.project, form.cleaned_data["username"], Role(form.cleaned_data["role"]), by=access.user
            )
        except CrossguardError as error:
            form.add_error("username", error.message)
        else:
            messages.success(request, f"{form.cleaned_data['username']} is {form.cleaned_data['role']} now.")
            return redirect("projects:members", slug=slug)
    return _members(request, access, form)


@require_POST
@login_required
def member_end(request: HttpRequest, slug: str) -> HttpResponse:
    """Take somebody out of the project."""
    access = project_for(request.user, slug, Can.CONFIGURE)
    form = MemberEndForm(request.POST)
    if not form.is_valid():
        raise BadInput("Name the account whose membership ends.")
    username = form.cleaned_data["username"]
    membership_end(access.project, username, by=access.user)
    messages.success(request, f"{username} is no longer a member. Their judgments stay.")
    return redirect("projects:members", slug=slug)


@require_POST
@login_required
def case_holder(request: HttpRequest, slug: str) -> HttpResponse:
    """Name somebody as a case holder, or end that."""
    access = project_for(request.user, slug, Can.CONFIGURE)
    form = CaseHolderForm(request.POST)
    if not form.is_valid():
        raise BadInput("Say who, and whether they may open restricted cases: yes or no.")
    username, holds = form.cleaned_data["username"], form.cleaned_data["holds"]
    case_holder_set(access.project, username, holds=holds, by=access.user)
    messages.success(
        request, f"{username} {'is a case holder now' if holds else 'is no case holder any more'}."
    )
    return redirect("projects:members", slug=slug)


@require_GET
@login_required
def log(request: HttpRequest, slug: str) -> HttpResponse:
    """What the loop did, and why."""
    access = project_for(request.user, slug, Can.INSPECT)
    page = Paginator(log_of(access.project), LOG_PAGE).get_page(request.GET.get("page"))
    return render_page(
        request, "projects/log.html", {"access": access, "nav": "log", "page": page}, part="entries"
    )


def _members(request: HttpRequest, access: Access, form: MemberForm) -> HttpResponse:
    context = {"access": access, "nav": "members", "memberships": members_of(access.project), "form": form}
    return render_page(request, "projects/members.html", context, status=422 if form.errors else 200)


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise NotSignedIn("Sign in first.")
    return request.user
