// The place on the screen and those behind it. The next is leased and rendered before the current one is submitted.

import { controls, emit, form, isWorking, on, settings, showInstead, slot, toast } from "./desk.js";
import { waiting } from "./outbox.js";
import { post } from "./wire.js";

const LOOK_AGAIN_MS = 4000;
const WHY_MS = 20_000;
const HOLDING_MAX = 20;
const TAKEN_BACK = "That page was taken back. Here is the next one.";

let shown = slot.querySelector(".place");
let upcoming = [];
let isAhead = !shown || Boolean(shown.dataset.ahead);
let isDry = false;
let askedWhyAt = 0;
let fetching = null;
const drafts = new Map(); // place -> what was begun on it
const answered = new Map(); // place -> its element, until its answer is acknowledged

export const idOf = (place) => place.querySelector("[name=assignment]").value;
export const siteOf = (place) => place.querySelector(".url-domain")?.textContent ?? "a page";
export const current = () => shown;
export const held = () => [shown, ...upcoming].filter(Boolean);

// How many more places this page wants.
function wanted() {
  return isWorking() ? 1 + (isAhead ? settings.prefetch : 0) - held().length : 0;
}

// What a request has to say so that the server gives another place, and not one that is here or answered.
export function asking() {
  const body = new FormData();
  body.set("part", "place");
  body.set("shield", form.elements.shield.value);
  return holding(body);
}

function holding(body) {
  const ids = [...held().map(idOf), ...waiting().flatMap((entry) => entry.place ?? [])];
  for (const id of ids.slice(0, HOLDING_MAX)) body.append("holding", id);
  return body;
}

// The last thing said to the server about an answer: whether it should bring the next place with it.
export function enrich(body, { kind }) {
  if (!["submit", "skip", "stop"].includes(kind)) return;
  holding(body);
  if (wanted() - (fetching ? 1 : 0) <= 0) body.set("enough", "1");
}

// The place in an answer of the server, if there is one; a notice and an explanation on the way.
export async function placeIn(response) {
  const notice = response.headers.get("X-Notice");
  if (notice) toast(notice, "warning");
  if (response.status !== 200) return null;
  const box = document.createElement("template");
  box.innerHTML = await response.text();
  const explanation = box.content.querySelector(".explanation");
  if (explanation) emit("explanation", explanation);
  return box.content.querySelector(".place");
}

export function arrived(place) {
  if (!place) return;
  const id = idOf(place);
  if (held().some((other) => idOf(other) === id) || waiting().some((entry) => entry.place === id)) return;
  if (!isWorking()) {
    emit("unwanted", [place]);
    return;
  }
  isAhead = Boolean(place.dataset.ahead);
  isDry = false;
  const wasBegun = drafts.has(id);
  if (wasBegun) place.dataset.draft = drafts.get(id);
  drafts.delete(id);
  if (wasBegun) upcoming.unshift(place);
  else upcoming.push(place);
  if (!shown) showNext();
}

export function refill() {
  fetching ??= fetchAll().finally(() => (fetching = null));
  return fetching;
}

async function fetchAll() {
  while (wanted() > 0 && waiting().length < HOLDING_MAX / 2) {
    if (!(await fetchOne())) return;
  }
}

async function fetchOne() {
  try {
    const before = held().length;
    const response = await post(form.dataset.next, asking());
    const place = response.ok ? await placeIn(response) : null;
    arrived(place);
    if (response.status === 204) ranDry();
    return held().length > before;
  } catch {
    return false; // Offline: the timer below looks again.
  }
}

function ranDry() {
  isDry = true;
  if (shown || !isWorking()) return;
  if (!slot.querySelector("[data-nothing]")) showInstead("nothing");
  if (Date.now() - askedWhyAt > WHY_MS) explainNothing();
}

// The reason may be another one than when the page was loaded: paused, worked off, time for lighter pages.
async function explainNothing() {
  askedWhyAt = Date.now();
  const card = slot.querySelector("[data-why]");
  try {
    const response = await fetch(card.dataset.why, { redirect: "manual" });
    if (!response.ok || !card.isConnected) return;
    const box = document.createElement("template");
    box.innerHTML = await response.text();
    card.replaceWith(box.content);
  } catch {
    // Offline: the reason stays as it was.
  }
}

export function showNext() {
  show(upcoming.shift() ?? null);
}

// Makes `place` the current one; without one, what needs a page is out of sight.
function take(place) {
  shown = place;
  for (const part of [controls, ...document.querySelectorAll("[data-needs-page]")]) part.hidden = !place;
}

export function show(place) {
  take(place);
  if (place) slot.replaceChildren(place);
  else showInstead(isDry ? "nothing" : "waiting");
  emit("shown", place);
  if (!place) return;
  place.dataset.new = "";
  scrollTo(0, 0);
  place.querySelector(".evidence").focus({ preventScroll: true });
}

// The current place is answered: the next one takes its room at once.
export function leave() {
  answered.set(idOf(shown), shown);
  showNext();
}

// The current place waits behind another one, with what was begun on it.
function putBack(draft) {
  if (!shown) return;
  shown.dataset.draft = draft;
  upcoming.unshift(shown);
}

// A place comes (back) before the current one, which waits as it was begun.
export function showFirst(place, draft) {
  putBack(draft);
  upcoming = upcoming.filter((other) => idOf(other) !== idOf(place));
  show(place);
}

// An answered place comes back as it was answered; whether it is on the screen now.
export function bringBack({ place: id, draft: given }, draft) {
  const place = answered.get(id);
  answered.delete(id);
  if (!place) {
    drafts.set(id, given);
    refill();
    return false;
  }
  place.dataset.draft = given;
  showFirst(place, draft);
  return true;
}

// Nothing is held any more; what was begun is remembered for a place that comes back. Gives what was held.
export function letGo(draft) {
  const places = held();
  if (shown && draft) drafts.set(idOf(shown), draft);
  for (const place of upcoming) if (place.dataset.draft) drafts.set(idOf(place), place.dataset.draft);
  take(null);
  upcoming = [];
  emit("shown", null);
  return places;
}

export const begun = () => [...drafts];

on("drafts", (given) => {
  for (const [id, draft] of given) drafts.set(id, draft);
});

// Places that are this person's no more: their lease ran out, or the page was withdrawn.
export function lose(places) {
  upcoming = upcoming.filter((place) => !places.includes(place));
  if (places.includes(shown)) {
    toast(TAKEN_BACK);
    showNext();
  }
  refill();
}

// The page on the screen is gone for good, and nothing of it stays here.
export function remove() {
  shown?.remove();
  take(null);
  emit("shown", null);
}

// What the server rendered is taken as it is, unless it was answered already and the answer still waits.
export function begin() {
  if (shown && waiting().some((entry) => entry.place === idOf(shown))) showNext();
  else if (shown) show(shown);
  else if (!shown && slot.querySelector("[data-away]")) showInstead("waiting");
  refill();
}

on("delivered", async ({ entry, response }) => {
  answered.delete(entry.place);
  if (["submit", "skip"].includes(entry.kind)) arrived(await placeIn(response));
  if (response.status === 204 && !shown) ranDry();
  refill();
});

// An answer that cannot be mended brings no page back.
on("refused", ({ entry }) => {
  if (entry.status !== 400) answered.delete(entry.place);
});

setInterval(() => document.hidden || refill(), LOOK_AGAIN_MS);
