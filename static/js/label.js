// The labelling page. The next place is leased and rendered before the current one is submitted, so a submit swaps at
// once. Requests go out one after the other, in order; one that the network swallows is sent again until it arrives:
// the server knows an answer by its client_id and stores it once. Without this script the same form works page by page.

import { cookie, deliver, inOrder, messageOf, post, toast } from "./delivery.js";

const LOOK_AGAIN_MS = 4000;
const IDLE_MS = 20 * 60 * 1000;
const NOTHING_CHOSEN = "Nothing is chosen. Choose at least one category, or “None of these”.";

const form = document.getElementById("answer");
const slot = document.getElementById("slot");
const controls = document.getElementById("controls");
const problem = document.getElementById("problem");
const saving = document.getElementById("saving");
const today = document.getElementById("today");
const flagButton = document.querySelector("[popovertarget=flag]");

let current = slot.querySelector(".place");
let upcoming = [];
let shownAt = performance.now();
let lastActivity = Date.now();
let unsaved = 0;
let fetching = false;

const idOf = (place) => place.querySelector("[name=assignment]").value;
const held = () => [current, ...upcoming].filter(Boolean);

function paintSaving(isWaiting = false) {
  saving.textContent = unsaved && isWaiting ? `${unsaved} waiting to be saved` : "";
  saving.toggleAttribute("data-waiting", Boolean(unsaved && isWaiting));
}

const onWait = () => paintSaving(true);

// Places -----------------------------------------------------------------------------------------------------------

async function placeIn(response) {
  const notice = response.headers.get("X-Notice");
  if (notice) toast(notice, "warning");
  if (response.status !== 200) return null;
  const box = document.createElement("template");
  box.innerHTML = await response.text();
  return box.content.querySelector(".place");
}

function arrived(place) {
  if (!place || held().some((other) => idOf(other) === idOf(place))) return;
  upcoming.push(place);
  if (!current) showNext();
}

async function prefetch() {
  if (fetching || upcoming.length) return;
  fetching = true;
  try {
    const response = await post(form.dataset.next, bodyFor());
    if (response.ok) arrived(await placeIn(response));
  } catch {
    // Offline: the timer below looks again.
  } finally {
    fetching = false;
  }
}

function bodyFor(submitter) {
  const body = submitter ? new FormData(form, submitter) : new FormData();
  body.set("part", "place");
  for (const place of held()) body.append("holding", idOf(place));
  return body;
}

function showNext() {
  show(upcoming.shift() ?? null);
}

function show(place) {
  current = place;
  controls.hidden = flagButton.hidden = !place;
  slot.replaceChildren(place ?? document.getElementById("nothing").content.cloneNode(true));
  fill(place?.dataset.draft ? JSON.parse(place.dataset.draft) : {});
  shownAt = performance.now();
  if (!place) return;
  place.dataset.new = "";
  scrollTo(0, 0);
  place.querySelector(".evidence").focus({ preventScroll: true });
}

function fill({ labels = [], unsure = [], none = false, note = "" }) {
  for (const input of form.querySelectorAll("[name=labels]")) input.checked = labels.includes(input.value);
  for (const input of form.querySelectorAll("[name=unsure]")) input.checked = unsure.includes(input.value);
  form.elements.none.checked = none;
  form.elements.note.value = note;
  for (const name of ["skip_note", "flag_note"]) form.elements[name].value = "";
  say("");
}

function draft() {
  const body = new FormData(form);
  const [labels, unsure] = [body.getAll("labels"), body.getAll("unsure")];
  return JSON.stringify({ labels, unsure, none: body.has("none"), note: body.get("note") });
}

function say(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

// Answers ----------------------------------------------------------------------------------------------------------

function isAnswered(submitter) {
  if (submitter?.name === "verdict") {
    const chosen = form.querySelector(".toggles input:checked");
    if (chosen) say("This answer goes without labels. Clear them first.");
    return !chosen;
  }
  const chosen = form.querySelector(".toggles input:checked");
  if (!chosen) say(NOTHING_CHOSEN);
  return Boolean(chosen);
}

// Submit and skip: swap at once, send behind it, and bring the place back if the server refuses.
function leave(url, submitter, { counts }) {
  const place = current;
  place.dataset.draft = draft();
  upcoming = upcoming.filter((other) => other !== place);
  const body = new FormData(form, submitter);
  body.set("part", "place");
  body.set("seconds", ((performance.now() - shownAt) / 1000).toFixed(1));
  unsaved += 1;
  if (counts) today.textContent = Number(today.textContent) + 1;
  showNext();
  return inOrder(async () => {
    for (const other of held()) body.append("holding", idOf(other));
    const response = await deliver(url, body, onWait);
    unsaved -= 1;
    paintSaving();
    if (response.ok) arrived(await placeIn(response));
    else await refused(response, place, counts);
    if (!current) prefetch();
  });
}

async function refused(response, place, counts) {
  toast(await messageOf(response), "error");
  if (counts) today.textContent = Number(today.textContent) - 1;
  if (response.status !== 400) return;
  putBack();
  show(place);
}

function putBack() {
  if (!current) return;
  current.dataset.draft = draft();
  upcoming.unshift(current);
}

function undo() {
  return inOrder(async () => {
    const response = await deliver(document.getElementById("undo").formAction, bodyFor(), onWait);
    if (!response.ok) {
      toast(await messageOf(response), "warning");
      return;
    }
    putBack();
    show(await placeIn(response));
    today.textContent = Math.max(0, Number(today.textContent) - 1);
    toast("Undone. Answer again, or skip the page.");
  });
}

function flag(submitter) {
  const body = bodyFor(submitter);
  closePanels();
  form.elements.flag_note.value = "";
  return inOrder(async () => {
    const response = await deliver(submitter.formAction, body, onWait);
    toast(response.ok ? "Flagged for the lead." : await messageOf(response), response.ok ? "success" : "error");
  });
}

function closePanels() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { submitter } = event;
  if (submitter?.id === "undo") {
    undo();
  } else if (!current) {
    // Nothing to answer.
  } else if (submitter?.formAction.endsWith("/flag/")) {
    flag(submitter);
  } else if (submitter?.name === "reason") {
    closePanels();
    leave(submitter.formAction, submitter, { counts: false });
  } else if (isAnswered(submitter)) {
    leave(form.action, submitter, { counts: true });
  }
});

form.addEventListener("change", () => say(""));

// A toggle that was clicked gives the keyboard back to the page: Space then skips, and does not toggle it again.
form.addEventListener("click", (event) => {
  if (event.detail > 0 && event.target.closest(".toggle")) setTimeout(() => document.activeElement?.blur());
});

// Keys -------------------------------------------------------------------------------------------------------------

function keyOf(event) {
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
  return digit ? digit[1] : event.key.toLowerCase();
}

function toggle(key, isUnsure) {
  const box = form.querySelector(`.toggle[data-key="${CSS.escape(key)}"]`);
  const input = box?.querySelector(isUnsure ? ".toggle-input-unsure" : ".toggle-input");
  input?.click();
  return Boolean(input);
}

const ACTIONS = {
  Enter: () => document.getElementById("submit").click(),
  " ": () => document.querySelector("[popovertarget=skip]").click(),
  Backspace: undo,
  f: () => flagButton.click(),
  g: () => document.getElementById("guideline").togglePopover(),
  "?": () => document.querySelector("[popovertarget=keys]").click(),
};

function onPageKey(event) {
  const onControl = event.target.closest("button, a, summary, input");
  if (onControl && [" ", "Enter"].includes(event.key)) return;
  const action = ACTIONS[event.key];
  const needsPlace = !["Backspace", "g", "?"].includes(event.key);
  if (action && (current || !needsPlace)) {
    event.preventDefault();
    action();
  } else if (current && toggle(keyOf(event), event.shiftKey)) {
    event.preventDefault();
  }
}

document.addEventListener("keydown", (event) => {
  lastActivity = Date.now();
  const dialog = document.querySelector("dialog[open]");
  const isTyping = event.target.closest("textarea, select, input:not([type=checkbox])");
  if (event.isComposing || event.altKey || event.metaKey) return;
  if (isTyping) {
    if (event.key === "Escape" && !dialog) event.target.blur();
  } else if (dialog) {
    if (dialog.id === "skip") dialog.querySelectorAll(".choice")[Number(keyOf(event)) - 1]?.click();
  } else if (event.ctrlKey) {
    if (event.key === "z" && !event.repeat) {
      event.preventDefault();
      undo();
    }
  } else if (event.key === "Escape") {
    if (document.getElementById("guideline").matches(":popover-open")) ACTIONS.g();
  } else if (!event.repeat) {
    onPageKey(event);
  }
});

// Leases -----------------------------------------------------------------------------------------------------------

async function renew() {
  const places = held();
  if (!places.length || Date.now() - lastActivity > IDLE_MS) return;
  const body = new FormData();
  for (const place of places) body.append("assignment", idOf(place));
  try {
    const response = await post(form.dataset.renew, body);
    if (response.status !== 200) return;
    const { lease_until: until } = await response.json();
    for (const place of places) place.dataset.lease = until;
  } catch {
    // Offline: the lease may lapse. An answer that comes later still counts, or is kept as late.
  }
}

function release() {
  const places = held();
  if (!places.length) return;
  const body = new FormData();
  body.append("csrfmiddlewaretoken", cookie("csrftoken"));
  for (const place of places) body.append("assignment", idOf(place));
  body.append("known", places.map((place) => place.dataset.lease).sort((a, b) => new Date(a) - new Date(b)).at(-1));
  navigator.sendBeacon(form.dataset.release, body);
}

document.addEventListener("pointerdown", () => (lastActivity = Date.now()));
document.addEventListener("visibilitychange", () => document.hidden || renew());
addEventListener("pagehide", release);
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("beforeunload", (event) => unsaved && event.preventDefault());

setInterval(renew, (Number(form.dataset.leaseSeconds) * 1000) / 3);
setInterval(() => document.hidden || upcoming.length || unsaved || inOrder(prefetch), LOOK_AGAIN_MS);
inOrder(prefetch);
