// After one's own submit: what there is to know about the last answer, on demand. And the explanation of an answer
// while qualifying, which stays over the next page until it was read.

import { form, on, toast } from "./desk.js";
import { restart } from "./clock.js";
import { messageOf } from "./wire.js";

const panel = document.getElementById("last");
const explanation = document.getElementById("explanation");

// Whether it was open. The focus goes back to the page to judge, unless it is somewhere else by now.
export function closeLast() {
  if (!panel || panel.hidden) return false;
  const hadFocus = panel.contains(document.activeElement);
  panel.hidden = true;
  if (hadFocus) document.querySelector(".evidence")?.focus({ preventScroll: true });
  return true;
}

export async function openLast() {
  if (!panel || closeLast()) return;
  const before = document.activeElement;
  try {
    const response = await fetch(form.dataset.last, { headers: { Accept: "text/html" }, redirect: "manual" });
    if (!response.ok) {
      toast(await messageOf(response), "warning");
      return;
    }
    panel.innerHTML = await response.text();
    panel.hidden = false;
    panel.scrollIntoView({ block: "nearest" });
    // Read out, and its buttons are the next stops of Tab; but nobody is torn from a note begun meanwhile.
    if (document.activeElement === before) panel.focus({ preventScroll: true });
  } catch {
    toast("No connection: your last answer can be looked at when it is back.", "warning");
  }
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-do=last]")) openLast();
});

for (const event of ["left", "paused", "taken-back"]) {
  on(event, () => {
    if (panel) panel.hidden = true;
  });
}

on("explanation", (section) => {
  explanation.querySelector("[data-explanation]").replaceChildren(section);
  explanation.showModal();
});

explanation.addEventListener("close", restart);
