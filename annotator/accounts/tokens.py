"""How the API learns who calls: `Authorization: Token cg_…` for scripts, the session for our own pages."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from annotator.accounts.models import ApiToken, Scope, User
from annotator.accounts.services import token_check
from annotator.errors import Forbidden


class TokenAuthentication(BaseAuthentication):
    """Authenticates a script by its API token."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The caller and the token, None without this header; a bad token is refused, never ignored."""
        keyword, _, secret = get_authorization_header(request).partition(b" ")
        if keyword.lower() != b"token":
            return None
        token = token_check(secret.strip().decode("latin-1"))
        if token is None:
            raise AuthenticationFailed(
                "This API token is unknown, expired or revoked. Make a new one on your account page."
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "Token"


class TokenScope(BasePermission):
    """Lets a token do what it is for, and nothing else; the session of a browser does what its person may."""

    def has_permission(self, request: Request, view: object) -> bool:
        """True; raises Forbidden for a token that is not for this."""
        if isinstance(request.auth, ApiToken):
            wanted = scope_of(request.method or "", view)
            if wanted not in request.auth.scopes:
                raise Forbidden(
                    f'This needs a token with the scope "{wanted}"; this one is for {request.auth.purpose}. '
                    "Make another on your account page.",
                    code="token_scope",
                    details={"needed": wanted, "scopes": list(request.auth.scopes)},
                )
        return True


def scope_of(method: str, view: object) -> Scope:
    """The scope that a request needs: the view's own where it names one as `token_scope`, else by the method."""
    own = getattr(view, "token_scope", None)
    if own is not None and method not in SAFE_METHODS:
        return Scope(own)
    return Scope.READ if method in SAFE_METHODS else Scope.WRITE


class BrowserAuthentication(SessionAuthentication):
    """The session of a signed-in browser, with CSRF check; named, so that the schema can tell the two apart."""


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes TokenAuthentication in the OpenAPI schema."""

    target_class = "annotator.accounts.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """An API key in the Authorization header."""
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token cg_…`"}


class BrowserScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes BrowserAuthentication in the OpenAPI schema."""

    target_class = "annotator.accounts.tokens.BrowserAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A session cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
