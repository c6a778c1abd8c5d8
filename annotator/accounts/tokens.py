"""How the API learns who calls: `Authorization: Token cg_…` for scripts, the session for our own pages."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from annotator.accounts.models import ApiToken, User
from annotator.accounts.services import token_check


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
