// One tab of a person labels at a time: it has the seat, a lock of the browser. Another tab may ask for it.

import { emit, owner } from "./desk.js";

const NAME = `crossguard-seat:${owner}`;
const CLOSING_MS = 2000; // a page that is being closed gives its lock back well before, and a busy browser grants it
const ANSWER_MS = 3000; // a tab that sleeps does not answer

const channel = new BroadcastChannel(NAME);
let leave = null;
let refuse = () => {};

// Whether the lock is ours within `patience`; without patience it is taken from whoever has it. Without locks (a page
// over plain http) every tab has a seat. Giving up does not wait for the browser: Chromium may forget a request that is
// aborted as soon as it is made, and grant it much later.
function lock(patience) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const waiting = new AbortController();
    let isGivenUp = false;
    let isOurs = false;
    const giveUp = () => {
      isGivenUp = true;
      waiting.abort();
      resolve(false);
    };
    const timer = patience ? setTimeout(giveUp, patience) : 0;
    refuse = patience ? giveUp : () => {};
    const hold = () => {
      if (isGivenUp) return Promise.resolve();
      clearTimeout(timer);
      refuse = () => {};
      isOurs = true;
      resolve(true);
      return new Promise((done) => (leave = done));
    };
    navigator.locks.request(NAME, patience ? { signal: waiting.signal } : { steal: true }, hold).catch(() => {
      if (!isOurs) return resolve(false);
      leave = null;
      emit("seat-lost");
    });
  });
}

// Whether this tab has the seat now.
export function sit() {
  const taken = lock(CLOSING_MS);
  channel.postMessage("who is there");
  return taken;
}

// What the tab before had begun on its places: hands it over with the seat.
export function handOver(drafts) {
  channel.postMessage({ drafts });
}

// Asks the other tab to get up; takes the seat from one that does not answer.
export async function sitHere() {
  channel.postMessage("please get up");
  return (await lock(ANSWER_MS)) || Boolean(leave) || lock(0);
}

export function getUp() {
  leave?.();
  leave = null;
}

channel.addEventListener("message", ({ data }) => {
  if (data === "who is there" && leave) channel.postMessage("somebody");
  if (data === "somebody") refuse();
  if (data === "please get up" && leave) emit("seat-asked");
  if (data.drafts) emit("drafts", data.drafts);
});
