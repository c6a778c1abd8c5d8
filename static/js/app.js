// Shared behaviour of every page. All of it is a comfort: without it, links and forms still do their work.
// A toast from anywhere: dispatch `toast` with detail {text, kind}, or answer htmx with HX-Trigger: {"toast": {...}}.

const UNREACHABLE = "Could not reach the server; your work is kept. Try again in a moment.";
const TOAST_MS = 6000; // at least; a long text stays longer
const CHARACTER_MS = 90;

function toast({ text, kind = "info" }) {
  const box = document.createElement("div");
  box.className = `toast toast-${kind}`;
  const line = document.createElement("p");
  line.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button-quiet button-small";
  close.dataset.dismiss = "";
  close.textContent = "Close";
  box.append(line, close);
  document.getElementById("toasts").append(box);
  if (kind !== "error") setTimeout(() => box.remove(), Math.max(TOAST_MS, text.length * CHARACTER_MS));
}

function storedTheme() {
  return document.documentElement.dataset.theme ?? "system";
}

function paintThemeChoice() {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === storedTheme()));
  }
}

function chooseTheme(theme) {
  if (theme === "system") {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem("theme");
  } else {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("theme", theme);
  }
  paintThemeChoice();
}

// A <dialog popover> opens without script; with script it opens as a true modal (focus is held, the rest is inert).
function openDialog(button, event) {
  const dialog = document.getElementById(button.getAttribute("popovertarget"));
  if (!(dialog instanceof HTMLDialogElement)) return;
  event.preventDefault();
  if (button.getAttribute("popovertargetaction") === "hide") dialog.close();
  else dialog.showModal();
}

async function copyText(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  toast({ text: "Copied.", kind: "success" });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.hasAttribute("popovertarget")) openDialog(button, event);
  if ("themeChoice" in button.dataset) chooseTheme(button.dataset.themeChoice);
  if ("dismiss" in button.dataset) button.closest(".toast, .alert").remove();
  if ("copy" in button.dataset) copyText(button);
});

// Present and unsure of one category exclude each other; "none of these" excludes every category.
document.addEventListener("change", (event) => {
  const input = event.target;
  const toggle = input.closest(".toggle");
  if (!toggle || !input.checked) return;
  const isNone = toggle.classList.contains("toggle-none");
  for (const other of toggle.closest(".toggles").querySelectorAll(".toggle input:checked")) {
    const clashes = other.closest(".toggle") === toggle || isNone || other.closest(".toggle-none");
    if (other !== input && clashes) other.checked = false;
  }
});

// <form data-submit-on-change>: filters apply when a choice is made.
document.addEventListener("change", (event) => {
  event.target.closest("form[data-submit-on-change]")?.requestSubmit();
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
  const search = document.querySelector("input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
});

document.addEventListener("toast", (event) => toast(event.detail));

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (!event.target.closest("[data-poll]")) toast({ text: UNREACHABLE, kind: "error" });
  });
}

document.addEventListener("htmx:responseError", (event) => {
  if (event.target.closest("[data-poll]")) return;
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  const message = page.querySelector("[data-error-message]")?.textContent.trim();
  toast({ text: message ?? `The server refused this (${event.detail.xhr.status}).`, kind: "error" });
});

// Parts that poll (data-poll) rest while nobody looks at them.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.closest("[data-poll]")) event.preventDefault();
});

paintThemeChoice();
