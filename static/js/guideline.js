// The guideline beside the page: search as one types, and citing the clause that decided. Without this script the same
// clause is chosen from the list beside the answer.

const field = document.getElementById("clause");
const chip = document.getElementById("cited");
const search = document.getElementById("guideline-search");

// Cite -------------------------------------------------------------------------------------------------------------

function paint() {
  chip.hidden = !field.value;
  chip.querySelector(".chip span").textContent = field.value;
  field.closest("details").hidden = Boolean(field.value);
  for (const button of document.querySelectorAll("[data-cite]")) {
    button.setAttribute("aria-pressed", String(button.dataset.cite === field.value));
  }
}

function cite(number) {
  field.value = number;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

field.addEventListener("change", paint);
document.getElementById("uncite").addEventListener("click", () => cite(""));
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-cite]");
  if (button) cite(button.dataset.cite === field.value ? "" : button.dataset.cite);
});
paint();

// Search -----------------------------------------------------------------------------------------------------------

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const parts = [...document.querySelectorAll(".drawer [data-searched]")].map((part) => ({ part, text: plain(part.textContent) }));

// A clause is found by all words typed, wherever they stand in it; a category by one of its clauses or its definition.
function find() {
  const words = plain(search.value).split(/\s+/).filter(Boolean);
  let hits = 0;
  for (const { part, text } of parts) {
    const isHit = words.every((word) => text.includes(word));
    part.hidden = !isHit;
    hits += isHit;
  }
  for (const section of document.querySelectorAll(".drawer [data-section]")) {
    section.hidden = !section.querySelector("[data-searched]:not([hidden])");
  }
  const found = hits ? `${hits} found` : "Nothing found";
  document.getElementById("guideline-hits").textContent = words.length ? found : "";
}

search?.addEventListener("input", find);

// On to the first clause that was found, where one more Enter cites it.
search?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  [...document.querySelectorAll(".drawer [data-cite]")].find((button) => button.checkVisibility())?.focus();
});

// What changed -----------------------------------------------------------------------------------------------------

const seen = document.getElementById("news-seen"); // beside the answer, not within: a form in a form is none

seen?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = new URLSearchParams(new FormData(seen));
  const news = document.getElementById("news");
  body.set("part", "news");
  news.hidden = true;
  const response = await fetch(seen.action, { method: "POST", body });
  if (!response.ok) news.hidden = false;
});
