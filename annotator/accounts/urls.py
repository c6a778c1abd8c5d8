"""Addresses of the accounts stage."""
app_name = "accounts"
urlpatterns: list = []
