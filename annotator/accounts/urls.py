"""Addresses of the accounts stage."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from annotator.accounts import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignInView.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("account/", views.account, name="account"),
    path("account/password/", views.PasswordView.as_view(), name="password"),
    path("account/tokens/", views.token_create_view, name="token_create"),
    path("account/tokens/<int:pk>/revoke/", views.token_revoke_view, name="token_revoke"),
]
