// What must not be lost: submit, skip, flag, undo, stop. Each is kept in the browser first, and leaves when the server
// has answered it, one after the other, in order. Only the tab that has the seat delivers; the server knows an answer
// by its client_id and an undo by its undo_id, so whatever goes out twice counts once.

import { emit, owner, toast } from "./desk.js";
import { allOf, forget, keep, keeps } from "./store.js";
import { errorOf, isBusy, isSignedOut, messageOf, post } from "./wire.js";

const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15_000];
const OFFLINE = "No connection. Your answers are kept in this browser and sent when it is back.";
const SIGNED_OUT = "You are signed out. Sign in again in another tab: your answers are kept here and sent afterwards.";

const GONE = "a page that is gone"; // of a withheld page nothing stays in this browser, its site neither

let entries = [];
let isActive = false;
let isStuck = false;
let running = null;
let under = null; // the entry under way
let told = ""; // why it does not get through, said once
let wake = () => {};
let enrich = () => {};

export const waiting = () => entries.filter((entry) => !entry.refusal);
export const refusals = () => entries.filter((entry) => entry.refusal);

function tell(why) {
  if (why !== told) toast(why, "warning");
  told = why;
}

function changed() {
  emit("outbox", { waiting: waiting().length, isStuck });
}

// `entry`: kind, url, fields ([name, value] pairs), place, and what brings it back: draft, site.
export function add(entry) {
  const id = Math.max(Date.now(), (entries.at(-1)?.id ?? 0) + 1);
  const kept = { ...entry, owner, id, tries: 0 };
  entries.push(kept);
  save(kept);
  changed();
  if (isActive && isStuck) wake();
  deliver();
}

// In order for one entry: what is forgotten must not be kept again by a slower write.
const writes = new Map();

function write(entry, work) {
  const after = (writes.get(entry.id) ?? Promise.resolve()).then(work).catch(onUnkept);
  writes.set(entry.id, after);
  return after;
}

function onUnkept(error) {
  console.warn("An answer could not be kept in this browser:", error);
  toast("This browser is out of room: do not close the page while answers wait to be saved.", "warning");
}

const save = (entry) => write(entry, () => keep({ ...entry }));

async function drop(entry) {
  entries = entries.filter((other) => other !== entry);
  changed();
  await write(entry, () => forget(entry));
  writes.delete(entry.id);
}

// The last answer, taken back before it went out; null when there is none, or it may have arrived already.
export function takeBack() {
  const last = waiting().findLast((entry) => entry.kind === "submit");
  if (!last || last.tries > 0 || last === under) return null;
  drop(last);
  return last;
}

export const dismiss = (id) => {
  const entry = entries.find((other) => other.id === id);
  if (entry) drop(entry);
};

// From here on this tab delivers. `enrichment(body, entry)` adds what is only known when an entry goes out.
export async function start(enrichment) {
  enrich = enrichment;
  const kept = await allOf(owner);
  entries = keeps() ? kept : entries;
  isStuck = waiting().length > 0;
  if (!keeps()) toast("This browser keeps nothing for this site: do not close the page while answers wait.", "warning");
  isActive = true;
  changed();
  deliver();
}

// Ends when nothing is under way any more; what waits is left to the next tab.
export async function stop() {
  isActive = false;
  wake();
  await running;
}

function deliver() {
  running ??= work().finally(() => {
    running = null;
    if (isActive && waiting().length) deliver(); // came while the last one was being put away
  });
}

async function work() {
  for (let tries = 0; isActive; ) {
    const entry = waiting()[0];
    if (!entry) break;
    const response = await attempt(entry);
    if (response) {
      tries = 0;
      told = "";
      await settle(entry, response);
    } else if (isActive) {
      isStuck = true;
      changed();
      await rest(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
      tries += 1;
    }
  }
}

function rest(ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

// The answer of the server; null when there is none yet.
async function attempt(entry) {
  if (navigator.onLine === false) {
    tell(OFFLINE);
    return null;
  }
  under = entry;
  entry.tries += 1;
  await save(entry);
  const body = new FormData();
  for (const [name, value] of entry.fields) body.append(name, value);
  enrich(body, entry);
  try {
    const response = await post(entry.url, body);
    if (!isSignedOut(response)) return isBusy(response) ? null : response;
    tell(response.status === 403 ? await messageOf(response) : SIGNED_OUT);
  } catch {
    tell(OFFLINE);
  } finally {
    under = null;
  }
  return null;
}

async function settle(entry, response) {
  const wasStuck = isStuck;
  if (response.ok) {
    await drop(entry);
  } else {
    const { message, code } = await errorOf(response);
    entry.refusal = message;
    entry.status = response.status;
    if (code === "withheld") entry.site = GONE;
    await save(entry);
  }
  isStuck = wasStuck && waiting().length > 0;
  changed();
  emit(response.ok ? "delivered" : "refused", { entry, response });
}

addEventListener("online", () => wake());
document.addEventListener("visibilitychange", () => document.hidden || wake());
addEventListener("beforeunload", (event) => {
  if (!keeps() && waiting().length) event.preventDefault();
});
