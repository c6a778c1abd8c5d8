// One's own session: pace, streak of today, time to break, what waits to be saved. Of nobody else, and for nobody else.

import { announce, configure, form, idleFor, on, owner, settings, toast } from "./desk.js";
import { dismiss, refusals } from "./outbox.js";

const REST_MS = 5 * 60_000; // so long without a touch is a break
const SNOOZE_MS = 10 * 60_000;
const KEPT = 200;
const REFRESH_AFTER = 10; // answers, until the day and the batch are asked for again
const PACE_FROM = 3;
const KEY = `crossguard-session:${owner}`;

const $ = (id) => document.getElementById(id);
let session = restore();
let sinceRefresh = 0;

function restore() {
  const fresh = { at: Date.now(), workedMs: 0, stretchFrom: Date.now(), snoozedUntil: 0, seconds: [], answers: 0 };
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    if (!kept) return fresh;
    return Date.now() - kept.at < REST_MS ? kept : { ...kept, at: Date.now(), stretchFrom: Date.now() };
  } catch {
    return fresh;
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(session));
  } catch {
    // Storage is refused: the session then begins again with each page.
  }
}

// Time at work goes on from touch to touch, unless a break lies between them. Whether one did.
function step() {
  const touchedAt = Date.now() - idleFor();
  const gap = touchedAt - session.at;
  if (gap <= 0) return false;
  if (gap < REST_MS) session.workedMs += gap;
  else session.stretchFrom = touchedAt;
  session.at = touchedAt;
  keep();
  return gap >= REST_MS;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function paintPace() {
  if (session.seconds.length < PACE_FROM) return;
  const hours = session.workedMs / 3_600_000;
  const hourly = hours > 0 ? Math.round(session.answers / hours) : 0;
  const [strong, span] = [document.createElement("strong"), document.createElement("span")];
  strong.textContent = `${Math.round(median(session.seconds))} s`;
  span.textContent = hourly ? `${hourly} an hour` : "";
  strong.title = "Median of this session";
  $("pace").replaceChildren(strong, " ", span);
}

const minutes = (ms) => Math.max(0, Math.ceil(ms / 60_000));

function paintBreak() {
  step();
  const worked = Date.now() - session.stretchFrom;
  const isDue = settings.breakMs > 0 && worked >= settings.breakMs && form.dataset.status !== "paused";
  const box = $("break-in");
  box.hidden = settings.breakMs === 0;
  box.querySelector("dd").textContent = worked >= settings.breakMs ? "now" : `in ${minutes(settings.breakMs - worked)} min`;
  const isShown = isDue && Date.now() >= session.snoozedUntil;
  if (isShown && $("break").hidden) $("worked").textContent = minutes(worked);
  $("break").hidden = !isShown;
}

function count(change) {
  const facts = $("progress");
  const { today, run, longest } = facts.dataset;
  const [now, inRow] = [Math.max(0, Number(today) + change), Math.max(0, Number(run) + change)];
  Object.assign(facts.dataset, { today: now, run: inRow, longest: Math.max(Number(longest), inRow) });
  $("today").textContent = now;
  $("longest").textContent = Number(facts.dataset.longest) > 1 ? `${facts.dataset.longest} in a row` : "";
}

async function refresh() {
  try {
    const response = await fetch(form.dataset.session, { redirect: "manual" });
    if (!response.ok) return;
    const box = document.createElement("template");
    box.innerHTML = await response.text();
    $("progress").replaceWith(box.content.querySelector("#progress"));
    configure($("progress").dataset);
    sinceRefresh = 0;
  } catch {
    // Offline: what is shown stays.
  }
}

on("left", ({ kind, seconds }) => {
  const isNewRun = step();
  // A covered page costs points: pages may be lighter from now on, and the line that says so is due.
  if (document.querySelector('.place[data-shielded="true"]')) sinceRefresh = REFRESH_AFTER;
  if (kind !== "submit") return;
  session.seconds = [...session.seconds, seconds].slice(-KEPT);
  session.answers += 1;
  keep();
  if (isNewRun) $("progress").dataset.run = 0;
  count(+1);
  paintPace();
});

on("taken-back", () => {
  session.answers = Math.max(0, session.answers - 1);
  session.seconds.pop();
  keep();
  count(-1);
  paintPace();
});

on("delivered", ({ entry }) => {
  if (entry.kind === "submit") sinceRefresh += 1;
  if (sinceRefresh >= REFRESH_AFTER) refresh();
});

on("explanation", refresh);

on("paused", paintBreak);

on("resumed", () => {
  paintBreak();
  refresh();
});

on("outbox", ({ waiting, isStuck }) => {
  const saving = $("saving");
  const before = saving.textContent;
  saving.textContent = isStuck && waiting ? `${waiting} waiting to be saved` : "";
  saving.toggleAttribute("data-waiting", Boolean(isStuck && waiting));
  if (before && !saving.textContent) announce("Everything is saved.");
  paintRefusals();
});

function paintRefusals() {
  const lines = refusals().map(({ id, site, refusal }) => {
    const [line, text, button] = ["li", "span", "button"].map((name) => document.createElement(name));
    text.textContent = `Your answer on ${site} was refused: ${refusal}`;
    button.type = "button";
    button.className = "button button-quiet button-small";
    button.textContent = "I have seen it";
    button.addEventListener("click", () => dismiss(id));
    line.append(text, button);
    return line;
  });
  $("refusals").replaceChildren(...lines);
  $("refusals").hidden = !lines.length;
}

$("snooze").addEventListener("click", () => {
  session.snoozedUntil = Date.now() + SNOOZE_MS;
  keep();
  paintBreak();
  toast("Reminded again in ten minutes.");
});

setInterval(paintBreak, 15_000);
paintPace();
paintBreak();
