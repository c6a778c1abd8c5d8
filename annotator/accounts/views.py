"""Signing in and out, the password, and API tokens."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotator.accounts.forms import TokenForm
from annotator.accounts.models import User
from annotator.accounts.selectors import tokens_of
from annotator.accounts.services import token_create, token_revoke
from annotator.errors import NotSignedIn
from annotator.http import render_page


class SignInView(LoginView):
    """Sign in with a name and a password; throttled by name and address."""

    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True


class PasswordView(PasswordChangeView):
    """Change one's own password."""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("accounts:account")


@require_GET
@login_required
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """One's own tokens, and the form for a new one."""
    return _account(request, TokenForm())


@require_POST
@login_required
@never_cache
def token_create_view(request: HttpRequest) -> HttpResponse:
    """Make a token and show its secret, this once."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _account(request, form, status=422)
    given = form.cleaned_data
    new = token_create(_user(request), given["name"], days=given["days"], scopes=given["scopes"])
    return _account(request, TokenForm(), new_token=new.secret)


@require_POST
@login_required
def token_revoke_view(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token now."""
    token_revoke(_user(request), pk)
    messages.success(request, "The token is revoked.")
    return redirect("accounts:account")


def _account(
    request: HttpRequest, form: TokenForm, *, new_token: str | None = None, status: int = 200
) -> HttpResponse:
    context = {"tokens": tokens_of(_user(request)), "token_form": form, "new_token": new_token}
    return render_page(request, "accounts/account.html", context, status=status)


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise NotSignedIn("Sign in first.")
    return request.user
