"""API addresses of the webhooks stage."""

from django.urls import path

from learner.webhooks import api

WEBHOOK = "projects/<slug:slug>/webhooks/<int:pk>/"

urlpatterns = [
    path("projects/<slug:slug>/webhooks/", api.WebhookListView.as_view(), name="webhook-list"),
    path(WEBHOOK, api.WebhookView.as_view(), name="webhook-read"),
    path(f"{WEBHOOK}ping/", api.WebhookPingView.as_view(), name="webhook-ping"),
    path(f"{WEBHOOK}pause/", api.WebhookPauseView.as_view(), name="webhook-pause"),
    path(f"{WEBHOOK}resume/", api.WebhookResumeView.as_view(), name="webhook-resume"),
    path(f"{WEBHOOK}rotate/", api.WebhookRotateView.as_view(), name="webhook-rotate"),
    path(f"{WEBHOOK}deliveries/", api.DeliveryListView.as_view(), name="webhook-delivery-list"),
    path(f"{WEBHOOK}deliveries/<int:delivery_id>/", api.DeliveryView.as_view(), name="webhook-delivery-read"),
    path(
        f"{WEBHOOK}deliveries/<int:delivery_id>/repeat/",
        api.DeliveryRepeatView.as_view(),
        name="webhook-delivery-repeat",
    ),
]
