// How long the page on the screen has been looked at: not while it is hidden.

import { on } from "./desk.js";

let looked = 0;
let since = performance.now();

const running = () => (since === null ? 0 : performance.now() - since);

export const seconds = () => ((looked + running()) / 1000).toFixed(1);

export function restart() {
  looked = 0;
  since = document.hidden ? null : performance.now();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    looked += running();
    since = null;
  } else {
    since ??= performance.now();
  }
});

on("shown", restart);
