// Search as you type over many categories. Keys are not touched by it: a category keeps its key, shown or not.

import { form, on } from "./desk.js";

const field = document.getElementById("find");
const found = document.getElementById("found");
const toggles = [...form.querySelectorAll(".toggle:not(.toggle-none)")];

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

// 0 is best: the name begins with it, a word of the name does, or it is somewhere in the name or the terms.
function rank(toggle, wanted) {
  const name = plain(toggle.querySelector(".toggle-name").textContent);
  if (name.startsWith(wanted)) return 0;
  if (name.includes(` ${wanted}`)) return 1;
  return `${name} ${plain(toggle.dataset.terms)}`.includes(wanted) ? 2 : null;
}

function matches() {
  const wanted = plain(field.value.trim());
  if (!wanted) return [];
  const ranked = toggles.map((toggle) => [rank(toggle, wanted), toggle]).filter(([place]) => place !== null);
  return ranked.sort(([a], [b]) => a - b).map(([, toggle]) => toggle);
}

function paint() {
  const fits = matches();
  const isSearching = Boolean(field.value.trim());
  for (const toggle of toggles) {
    const isChosen = toggle.querySelector("input:checked");
    toggle.hidden = isSearching && !fits.includes(toggle) && !isChosen;
    toggle.toggleAttribute("data-best", toggle === fits[0]);
  }
  found.textContent = isSearching ? `${fits.length} of ${toggles.length} categories` : "";
}

function clear() {
  if (!field?.value) return;
  field.value = "";
  paint();
}

function choose(isUnsure) {
  const [best] = matches();
  best?.querySelector(isUnsure ? ".toggle-input-unsure" : ".toggle-input").click();
  clear();
  field.blur();
}

export function focusSearch() {
  field?.focus();
}

field?.addEventListener("input", paint);
field?.addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    event.preventDefault();
    choose(event.shiftKey);
  } else if (event.key === "Escape") {
    clear();
    field.blur();
  }
});

on("shown", clear);
