// Search as you type over many categories. Keys are not touched by it: a category keeps its key, shown or not.

import { form, on } from "./desk.js";

const field = document.getElementById("find");
const found = document.getElementById("found");
const chosen = document.getElementById("chosen");
const guideline = document.getElementById("guideline");
const toggles = [...form.querySelectorAll(".toggle:not(.toggle-none)")];
let at = 0; // which of the matches Enter chooses

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const nameOf = (toggle) => toggle.querySelector(".toggle-name").textContent;

// 0 is best: the name begins with it, a word of the name does, or it is somewhere in the name or the terms.
function rank(toggle, wanted) {
  const name = plain(nameOf(toggle));
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
    toggle.toggleAttribute("data-best", toggle === fits[at]);
  }
  const hits = fits.length ? `${fits.length} of ${toggles.length}. Enter chooses ${nameOf(fits[at])}` : "No category matches";
  found.textContent = isSearching ? hits : "";
}

function search() {
  at = 0;
  paint();
}

function step(by) {
  const fits = matches();
  if (!fits.length) return;
  at = (at + by + fits.length) % fits.length;
  paint();
  fits[at].scrollIntoView({ block: "nearest" });
}

function clear() {
  if (!field?.value) return;
  field.value = "";
  search();
}

// What is typed stays to be mended where nothing matches it.
function choose(isUnsure) {
  const fits = matches();
  if (field.value.trim() && !fits.length) return;
  fits[at]?.querySelector(isUnsure ? ".toggle-input-unsure" : ".toggle-input").click();
  clear();
  field.blur();
}

// With the guideline open, it is that which is searched.
export function focusSearch() {
  const isReading = guideline.matches(":popover-open");
  (isReading ? document.getElementById("guideline-search") : field)?.focus();
}

// Of many categories most are out of sight: what is chosen stands beside Submit too.
function paintChosen() {
  const chips = [...form.querySelectorAll(".toggles input:checked")].map((input) => {
    const chip = document.createElement("li");
    const isUnsure = input.name === "unsure";
    chip.className = isUnsure ? "chip chip-unsure" : "chip";
    chip.textContent = input.name === "none" ? "None of these" : nameOf(input.closest(".toggle"));
    return chip;
  });
  chosen.replaceChildren(...chips);
}

const KEYS = {
  Enter: (event) => choose(event.shiftKey),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
};

field?.addEventListener("input", search);
field?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    clear();
    field.blur();
  } else if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key](event);
  }
});

on("shown", clear);

if (chosen) {
  document.addEventListener("change", paintChosen); // after app.js has cleared what it excludes
  on("shown", paintChosen);
}
