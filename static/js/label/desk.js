// What every module of the labelling page shares: its parts, its settings, what it is doing, and who wants to hear.

export const form = document.getElementById("answer");
export const slot = document.getElementById("slot");
export const controls = document.getElementById("controls");

const { dataset } = form;
export const owner = `${form.elements.owner.value}:${dataset.project}`;
export const settings = { keys: JSON.parse(dataset.keys) };

// The settings of the project, as the page came with them, or as the server says by now: people sit here all day.
export function configure({ prefetch, idleMinutes, breakMinutes }) {
  settings.prefetch = Number(prefetch);
  settings.idleMs = Number(idleMinutes) * 60_000;
  settings.breakMs = Number(breakMinutes) * 60_000;
}

configure(dataset);

// starting | working | explaining | paused | stopped | elsewhere
let doing = "starting";
form.dataset.status = doing;

export const status = () => doing;
export const isWorking = () => doing === "working";

export function become(next) {
  doing = next;
  form.dataset.status = next;
}

const bus = new EventTarget();

export function emit(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

export function on(name, hear) {
  bus.addEventListener(name, (event) => hear(event.detail));
}

export function toast(text, kind = "info") {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
}

export function announce(text) {
  document.getElementById("announce").textContent = text;
}

// A card in place of the page to judge: paused, elsewhere, waiting, stopped, nothing.
export function showInstead(name) {
  slot.replaceChildren(document.getElementById(name).content.cloneNode(true));
  slot.querySelector("[data-focus]")?.focus();
  announce(slot.querySelector("h2").textContent);
}

// When somebody last touched the page.
let touchedAt = Date.now();

export const idleFor = () => Date.now() - touchedAt;

export function touched() {
  touchedAt = Date.now();
}
