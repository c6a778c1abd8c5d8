// Places are leased: renewed while somebody is there, given back when the page closes.

import { form, idleFor, isWorking, on, settings } from "./desk.js";
import { held, idOf, lose } from "./places.js";
import { cookie, post } from "./wire.js";

const RENEW_MAX_MS = 60_000; // also how soon a page that was withdrawn leaves the screen
const RENEW_MIN_MS = 10_000;
const SHORT_MS = 20_000; // of a lease: it is renewed before so little is left
const LOOK_MS = 5000;

let renewedAt = Date.now();

function named(places) {
  const body = new FormData();
  for (const place of places) body.append("assignment", idOf(place));
  return body;
}

async function renew() {
  const places = held();
  if (!places.length || !isWorking() || idleFor() > settings.idleMs) return;
  renewedAt = Date.now();
  try {
    const response = await post(form.dataset.renew, named(places));
    if (!response.ok) return;
    const { lease_until: until, held: kept } = response.status === 204 ? { held: [] } : await response.json();
    const lost = places.filter((place) => !kept.includes(Number(idOf(place))) && held().includes(place));
    for (const place of places) place.dataset.lease = until;
    if (lost.length) lose(lost);
  } catch {
    // Offline: the lease may lapse. An answer that comes later still counts, or is kept as late.
  }
}

export async function release(places) {
  if (!places.length) return;
  try {
    await post(form.dataset.release, named(places));
  } catch {
    // Offline: nobody renews the leases, so they lapse.
  }
}

// With the end of the lease that this page knows: a page that shows the place after it has renewed it, and keeps it.
function releaseAtClose() {
  const places = held();
  if (!places.length) return;
  const ends = places.map((place) => place.dataset.lease).sort((a, b) => new Date(a) - new Date(b));
  const body = named(places);
  body.append("known", ends.at(-1));
  body.append("csrfmiddlewaretoken", cookie("csrftoken"));
  body.append("owner", form.elements.owner.value);
  navigator.sendBeacon(form.dataset.release, body);
}

on("unwanted", release);
document.addEventListener("visibilitychange", () => document.hidden || renew());
addEventListener("online", renew);
addEventListener("pagehide", releaseAtClose);
addEventListener("pageshow", (event) => event.persisted && location.reload());
// By what is left of each lease and not by a timer of their length: a project may shorten them while people label.
function look() {
  const since = Date.now() - renewedAt;
  const left = Math.min(...held().map((place) => new Date(place.dataset.lease) - Date.now()));
  if (since >= RENEW_MAX_MS || (left < SHORT_MS && since >= RENEW_MIN_MS)) renew();
}

setInterval(look, LOOK_MS);
