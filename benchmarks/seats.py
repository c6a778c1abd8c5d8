"""A simulated annotator with no time to think: by the API with a token, or as the page asks, with a session."""

import json
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks.wire import Answer
from benchmarks.work import Desk, Diary, Window, Work

CLAIM_EVERY = 20
"""By API, one submit in so many does not ask for the next place; a claim follows, and is timed."""
RELOAD_EVERY = 50
"""In the browser, the page is loaded anew after so many submits; its prefetch is a claim, and is timed."""
ASSIGNMENT = re.compile(rb'name="assignment" value="(\d+)"')
CSRF_COOKIE = re.compile(r"csrftoken=([^;]+)")


@dataclass(frozen=True)
class ApiSeat:
    """Submits and gets the next place in one request (`next`), and claims where it got none."""

    desk: Desk
    annotator: int
    token: str

    def run(self, window: Window) -> Diary:
        """Work until the window is over."""
        return _ApiWork(self, window).run()


@dataclass(frozen=True)
class PageSeat:
    """Sends what the labelling page sends: a submit answers with one more place, while the next is at hand."""

    desk: Desk
    annotator: int
    session: str

    def run(self, window: Window) -> Diary:
        """Work until the window is over."""
        return _PageWork(self, window).run()


class _ApiWork(Work):
    def __init__(self, seat: ApiSeat, window: Window) -> None:
        headers = {"Authorization": f"Token {seat.token}", "Accept": "application/json"}
        super().__init__(seat.desk, seat.annotator, window, headers)
        self.root = f"/api/v1/projects/{seat.desk.slug}/"
        self.place: int | None = None

    def turn(self) -> None:
        if self.place is None:
            self.claim()
        else:
            self.submit(self.place)

    def forget(self) -> None:
        self.place = None

    def claim(self) -> None:
        answer = self.post("queue/claim/", {})
        self.timed(answer, self.diary.claim_seconds)
        if answer.status == 200:
            self.place = json.loads(answer.body)["assignment"]
        elif answer.status == 204:
            self.rest()
        else:
            self.refused(answer, "claim")

    def submit(self, place: int) -> None:
        self.turns += 1
        client_id = self.answering.client_id()
        said = {"client_id": str(client_id), "labels": self.answering.labels(), "seconds": 5.0}
        answer = self.post(f"assignments/{place}/judgment/", {**said, "next": self.turns % CLAIM_EVERY != 0})
        self.timed(answer, self.diary.submit_seconds)
        self.place = None
        if answer.status != 201:
            return self.refused(answer, "submit")
        self.accepted(client_id)
        following = json.loads(answer.body).get("next")
        self.place = following["assignment"] if following else None
        return None

    def post(self, path: str, body: object) -> Answer:
        return self.wire.request("POST", self.root + path, json.dumps(body).encode(), "application/json")


class _PageWork(Work):
    def __init__(self, seat: PageSeat, window: Window) -> None:
        super().__init__(seat.desk, seat.annotator, window, {})
        self.cookies = f"sessionid={seat.session}"
        self.root = f"/projects/{seat.desk.slug}/label/"
        self.current: int | None = None
        self.upcoming: int | None = None

    def turn(self) -> None:
        if self.current is None:
            self.load()
        elif self.upcoming is None:
            self.prefetch()
        else:
            self.submit(self.current, self.upcoming)

    def forget(self) -> None:
        self.current = self.upcoming = None

    def load(self) -> None:
        self.wire.headers = {"Cookie": self.cookies, "Accept": "text/html"}
        answer = self.wire.request("GET", self.root)
        self.timed(answer, self.diary.page_seconds)
        if answer.status != 200:
            return self.refused(answer, "page")
        given = CSRF_COOKIE.search(answer.header("Set-Cookie"))
        token = given[1] if given else self.wire.headers.get("X-CSRFToken", "")
        # As delivery.js asks.
        self.wire.headers = {
            "Cookie": f"{self.cookies}; csrftoken={token}",
            "Accept": "application/json",
            "X-CSRFToken": token,
        }
        self.current = _assignment(answer)
        return None if self.current else self.rest()

    def prefetch(self) -> None:
        answer = self.post("next/", [("holding", str(self.current))])
        self.timed(answer, self.diary.claim_seconds)
        self.upcoming = self.place_in(answer, "next")

    def submit(self, current: int, upcoming: int) -> None:
        self.turns += 1
        client_id = self.answering.client_id()
        labels = self.answering.labels()
        said = [("assignment", str(current)), ("client_id", str(client_id)), ("seconds", "5.0"), ("note", "")]
        said += [("labels", label) for label in labels] or [("none", "on")]
        answer = self.post("", [*said, ("holding", str(upcoming))])
        self.timed(answer, self.diary.submit_seconds)
        if answer.status in {200, 204}:
            self.accepted(client_id)
        self.current, self.upcoming = upcoming, self.place_in(answer, "submit")
        if self.turns % RELOAD_EVERY == 0:
            self.forget()

    def place_in(self, answer: Answer, what: str) -> int | None:
        if answer.status == 204:
            self.rest()
        elif answer.status != 200:
            self.refused(answer, what)
        return _assignment(answer)

    def post(self, path: str, fields: list[tuple[str, str]]) -> Answer:
        body = urlencode([*fields, ("part", "place")]).encode()
        return self.wire.request("POST", self.root + path, body, "application/x-www-form-urlencoded")


def _assignment(answer: Answer) -> int | None:
    found = ASSIGNMENT.search(answer.body)
    return int(found[1]) if found else None
