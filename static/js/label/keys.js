// Keys. Digits go by their position, so that Shift+1 is "unsure about 1" on every keyboard; everything else by what
// it types. Whatever types the stop key opens the stop dialog at once, even where that is Shift+1.

import { form, on, settings, status, touched } from "./desk.js";
import { undo } from "./answers.js";
import { closeLast, openLast } from "./last.js";
import { pause, resume } from "./pause.js";
import { current } from "./places.js";
import { focusSearch } from "./search.js";
import { toggleShield } from "./shield.js";

const NAMES = { " ": "Space" };
const EMPTY = new Set(["undo", "guideline", "help", "last", "pause"]); // do something without a page as well

const press = (selector) => document.querySelector(selector)?.click();
const guideline = document.getElementById("guideline");
const stopDialog = document.getElementById("stop");

// A button of a drawer that is put away keeps the keyboard until the browser next draws, unless it is led back at once.
function toggleGuideline() {
  guideline.togglePopover();
  const isLeft = !guideline.matches(":popover-open") && guideline.contains(document.activeElement);
  if (isLeft) (current()?.querySelector(".evidence") ?? document.body).focus({ preventScroll: true });
}

const ACTIONS = {
  submit: () => press("#submit"),
  skip: () => press("[popovertarget=skip]"),
  undo,
  none: () => press("#c-none"),
  reveal: toggleShield,
  flag: () => press(".desk-tools [popovertarget=flag]"),
  guideline: toggleGuideline,
  search: focusSearch,
  last: openLast,
  pause,
  help: () => press("[popovertarget=keys]"),
};
const actionOf = new Map(Object.entries(settings.keys).map(([action, key]) => [key, action]));

const digitOf = (event) => /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
const nameOf = (event) => NAMES[event.key] ?? (event.key.length === 1 ? event.key.toLowerCase() : event.key);

function toggleOf(key) {
  return key && form.querySelector(`.toggle:not(.toggle-none)[data-key="${CSS.escape(key)}"]`);
}

function toggle(key, isUnsure) {
  const input = toggleOf(key)?.querySelector(isUnsure ? ".toggle-input-unsure" : ".toggle-input");
  input?.click();
  return Boolean(input);
}

function act(name) {
  const action = actionOf.get(name);
  if (!ACTIONS[action] || (!current() && !EMPTY.has(action))) return false;
  ACTIONS[action]();
  return true;
}

// On many keyboards the stop key is Shift with a digit, and then also means "unsure": the dialog offers it.
let instead = null;

function openStop(event) {
  if (!stopDialog || !current()) return;
  const key = event.shiftKey ? digitOf(event) : null;
  instead = toggleOf(key) ? key : null;
  const line = document.getElementById("stop-instead");
  line.hidden = !instead;
  line.querySelector("kbd").textContent = instead ?? "";
  line.querySelector("strong").textContent = instead ? toggleOf(instead).querySelector(".toggle-name").textContent : "";
  stopDialog.showModal();
}

function onDialogKey(dialog, event) {
  const digit = digitOf(event);
  if (dialog.id === "skip" && digit && !event.shiftKey) {
    dialog.querySelectorAll(".choice")[Number(digit) - 1]?.click();
  } else if (dialog.id === "stop" && event.key === settings.keys.stop) {
    press("#stop-confirm");
  } else if (dialog.id === "stop" && instead && digit === instead) {
    dialog.close();
    toggle(instead, true);
  } else {
    return;
  }
  event.preventDefault();
}

// Whether the key did something here.
function onPageKey(event) {
  const name = nameOf(event);
  const onControl = event.target.closest("button, a, summary, input");
  if (onControl && ["Space", "Enter"].includes(name)) return false;
  if (event.key === settings.keys.stop) {
    openStop(event);
    return true;
  }
  const digit = digitOf(event);
  if (current() && digit && toggle(digit, event.shiftKey)) return true;
  if (act(digit && !event.shiftKey ? digit : name)) return true;
  return Boolean(current()) && toggle(name, event.shiftKey);
}

function onCtrl(event) {
  if (event.key.toLowerCase() !== "z" || event.shiftKey) return false;
  undo();
  return true;
}

function onKey(event) {
  touched();
  const dialog = document.querySelector("dialog[open]");
  const isTyping = event.target.closest("textarea, select, input:not([type=checkbox])");
  if (event.isComposing || event.altKey || event.metaKey || event.repeat) return;
  if (isTyping) {
    if (event.key === "Escape" && !dialog) event.target.blur();
  } else if (dialog) {
    onDialogKey(dialog, event);
  } else if (status() === "paused") {
    if (!event.ctrlKey && !["Tab", "Shift", "Control", "Escape"].includes(event.key)) resumeBy(event);
  } else if (status() === "starting") {
    keepForLater(event);
  } else if (status() !== "working") {
    // The seat is elsewhere, or a page was stopped: the buttons on the screen say what there is to do.
  } else if (event.key === "Escape") {
    if (guideline.matches(":popover-open")) toggleGuideline();
    else closeLast();
  } else if (event.ctrlKey ? onCtrl(event) : onPageKey(event)) {
    event.preventDefault();
    event.stopPropagation();
  }
}

function resumeBy(event) {
  if (["Enter", " "].includes(event.key) && event.target.closest("a, button, summary")) return;
  event.preventDefault();
  event.stopPropagation();
  resume();
}

// Pressed before the page was ready, which is a moment after it is on the screen; meant for what was on it then.
let early = [];

function keepForLater(event) {
  const isPlain = !event.ctrlKey && (event.key.length === 1 || ["Enter", "Backspace"].includes(event.key));
  if (!isPlain || event.target.closest("button, a, summary, input")) return;
  early.push({ event, place: current() });
  event.preventDefault();
}

on("started", () => {
  for (const { event, place } of early) if (place === current()) onKey(event);
  early = [];
});

document.addEventListener("keydown", onKey, { capture: true });
document.addEventListener("pointerdown", touched);

// The hints inside a page are painted when it arrives: a part does not know whose keys it is shown under.
on("shown", (place) => {
  for (const hint of place?.querySelectorAll("kbd[data-action]") ?? []) hint.textContent = settings.keys[hint.dataset.action];
});
