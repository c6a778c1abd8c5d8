// The form: what is chosen, whether it makes an answer, and what each button sends.

import { emit, form, isWorking, on, toast } from "./desk.js";
import { add, dismiss, takeBack } from "./outbox.js";
import { arrived, bringBack, current, idOf, leave, placeIn, showFirst, siteOf } from "./places.js";
import { seconds } from "./clock.js";
import { uuid } from "./wire.js";

const NOTHING_CHOSEN = "Nothing is chosen. Choose at least one category, or “None of these”.";
const LABELS_TOO = "This answer goes without labels. Clear them first.";
const NOTES = ["skip_note", "flag_note"];
const BUTTONS = ":is(.desk-tools, .desk-actions, .verdicts, .drawer, .cited) button";
const FIELDS = { note: "#submit", flag_note: "#flag-send" }; // and what Ctrl Enter in each of them presses

const problem = document.getElementById("problem");
const undoUrl = document.getElementById("undo").formAction;

export function say(text) {
  problem.textContent = text;
  problem.hidden = !text;
  if (text) problem.scrollIntoView({ block: "nearest" }); // Submit may be pressed from far away
}

function fill({ labels = [], unsure = [], none = false, note = "", clause = "" }) {
  for (const input of form.querySelectorAll("[name=labels]")) input.checked = labels.includes(input.value);
  for (const input of form.querySelectorAll("[name=unsure]")) input.checked = unsure.includes(input.value);
  form.elements.none.checked = none;
  form.elements.note.value = note;
  form.elements.clause.value = clause;
  form.elements.clause.dispatchEvent(new Event("change")); // the chip beside it
  for (const name of NOTES) form.elements[name].value = "";
  say("");
}

// What is chosen and written now, to go on from later; empty when that is nothing.
export function draft() {
  const body = new FormData(form);
  const [labels, unsure] = [body.getAll("labels"), body.getAll("unsure")];
  const [none, note, clause] = [body.has("none"), body.get("note") ?? "", body.get("clause") ?? ""];
  const isSome = labels.length || unsure.length || none || note || clause;
  return isSome ? JSON.stringify({ labels, unsure, none, note, clause }) : "";
}

function isAnswered(submitter) {
  const isChosen = Boolean(form.querySelector(".toggles input:checked"));
  const isVerdict = submitter?.name === "verdict";
  if (isChosen === isVerdict) say(isVerdict ? LABELS_TOO : NOTHING_CHOSEN);
  return isChosen !== isVerdict;
}

function fieldsWith(submitter) {
  const body = new FormData(form, submitter);
  body.delete("csrfmiddlewaretoken"); // it may be another by the time this goes out
  body.set("part", "place");
  body.set("seconds", seconds());
  return [...body];
}

// Submit and skip: the next page is there at once, and the answer goes out behind it.
function send(kind, url, submitter) {
  const entry = { kind, url, fields: fieldsWith(submitter), place: idOf(current()), draft: draft(), site: siteOf(current()) };
  emit("left", { kind, seconds: Number(seconds()) });
  leave();
  add(entry);
}

export function undo() {
  const entry = takeBack();
  if (!entry) {
    add({ kind: "undo", url: undoUrl, fields: [["part", "place"], ["shield", form.elements.shield.value], ["undo_id", uuid()]] });
    return;
  }
  emit("taken-back");
  bringBack(entry, draft());
  toast("Undone. It had not been sent yet.");
}

function flag(submitter) {
  const fields = fieldsWith(submitter);
  closeDialogs();
  form.elements.flag_note.value = "";
  add({ kind: "flag", url: submitter.formAction, fields });
}

export function closeDialogs() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
}

on("shown", (place) => fill(place?.dataset.draft ? JSON.parse(place.dataset.draft) : {}));

on("delivered", async ({ entry, response }) => {
  if (entry.kind === "flag") toast("Flagged for the lead.", "success");
  if (entry.kind !== "undo") return;
  const place = await placeIn(response);
  if (!isWorking()) {
    arrived(place);
    return;
  }
  emit("taken-back");
  showFirst(place, draft());
  toast("Undone. Answer again, or skip the page.");
  tellUses();
});

// Whether a snapshot or a classifier was made with the answer that was undone; good to know, and no more than that.
async function tellUses() {
  const response = await fetch(form.dataset.uses, { headers: { Accept: "application/json" } }).catch(() => null);
  const { text } = response?.ok ? await response.json() : {};
  if (text) toast(text);
}

// What can be mended comes back to be mended; an answer that cannot is listed until the person has seen it.
on("refused", ({ entry }) => {
  if (entry.kind === "submit") emit("taken-back");
  toast(entry.refusal, entry.kind === "undo" ? "warning" : "error");
  const canMend = entry.kind === "submit" && entry.status === 400;
  if (canMend) bringBack(entry, draft());
  if (canMend || entry.kind !== "submit") dismiss(entry.id);
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { submitter } = event;
  if (!isWorking()) return;
  if (submitter?.formAction === undoUrl) undo();
  else if (!current()) return;
  else if (submitter?.id === "stop-confirm") emit("stop", submitter.formAction);
  else if (submitter?.formAction.endsWith("/flag/")) flag(submitter);
  else if (submitter?.name === "reason") {
    closeDialogs();
    send("skip", submitter.formAction, submitter);
  } else if (isAnswered(submitter)) send("submit", form.action, submitter);
});

form.addEventListener("change", () => say(""));

// What was clicked gives the keyboard back to the page: Space then skips, and does not toggle it again.
form.addEventListener("click", (event) => {
  if (event.detail > 0 && event.target.closest(".toggle, summary")) setTimeout(() => document.activeElement?.blur());
});

// Nor do other buttons take the keyboard from the page: Enter then submits, also once the dialog that they open is closed.
document.addEventListener("mousedown", (event) => {
  if (!event.target.closest(BUTTONS)) return;
  event.preventDefault();
  if (document.activeElement?.matches("input, select, textarea")) document.activeElement.blur();
});

// From within a field.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
  const name = event.target.form === form && event.target.name;
  if (FIELDS[name]) document.querySelector(FIELDS[name]).click();
});
