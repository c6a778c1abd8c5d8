// Not labelling for a while: paused by hand or because nobody is there, or because another tab labels.

import { announce, become, emit, idleFor, isWorking, on, settings, showInstead, status, touched } from "./desk.js";
import { closeDialogs, draft } from "./answers.js";
import { release } from "./leases.js";
import * as outbox from "./outbox.js";
import { begin, begun, current, enrich, letGo, refill, remove } from "./places.js";
import { getUp, handOver, sit, sitHere } from "./seat.js";

const WATCH_MS = 5000;

// The places go back to the queue; the page says how to go on.
export function pause() {
  if (!isWorking() && status() !== "stopped") return;
  closeDialogs();
  become("paused");
  const places = letGo(draft());
  showInstead("paused");
  emit("paused");
  release(places);
}

export function resume() {
  if (status() !== "paused" && status() !== "stopped") return;
  touched();
  become("working");
  showInstead("waiting");
  emit("resumed");
  refill();
}

// The page may be illegal: it leaves the screen and this browser at once, whatever the network does.
function stop(url) {
  closeDialogs();
  const entry = { kind: "stop", url, fields: [["part", "place"], ["assignment", current().querySelector("[name=assignment]").value]] };
  become("stopped");
  remove();
  showInstead("stopped");
  outbox.add(entry);
}

function goElsewhere() {
  closeDialogs();
  become("elsewhere");
  letGo(current() ? draft() : "");
  showInstead("elsewhere");
}

async function start() {
  await outbox.start(enrich);
  become("working");
  touched();
  begin();
  emit("started");
}

async function labelHere() {
  if (status() !== "elsewhere") return;
  announce("Taking over from the other tab.");
  if ((await sitHere()) && status() === "elsewhere") await start();
}

on("stop", stop);
on("seat-asked", async () => {
  goElsewhere();
  handOver(begun());
  await outbox.stop();
  getUp();
});
on("seat-lost", () => {
  goElsewhere();
  outbox.stop();
});

const DO = { pause, resume, here: labelHere };

document.addEventListener("click", (event) => {
  DO[event.target.closest("[data-do]")?.dataset.do]?.();
});

// By the clock and not by a timer of that length: a laptop that slept finds itself paused when it wakes.
function watch() {
  if (isWorking() && idleFor() > settings.idleMs && !document.querySelector("#explanation[open]")) pause();
}

// The tab that labelled may have been closed meanwhile, or the browser was too busy to give the seat in time.
async function look() {
  watch();
  if (document.hidden || status() !== "elsewhere") return;
  if ((await sit()) && status() === "elsewhere") await start();
}

setInterval(look, WATCH_MS);
document.addEventListener("visibilitychange", look);

export async function open() {
  if (await sit()) await start();
  else goElsewhere();
}
