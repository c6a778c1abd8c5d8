// The lead's form by keyboard: a category's key toggles it, Shift with a number takes over that judgment, Enter goes to
// the reason, Ctrl+Enter resolves, → leaves the item for later, ← goes to the one before. Shift+H, Shift+A and ? press the
// buttons that say so (data-act), and so do Q, G and C: what was entered is there again after a page about the item.
// Shift+W goes to the choice of whom to ask. Without this file mouse and Tab do the same.

const form = document.querySelector("form[data-adjudication]");
const kept = `adjudication ${location.pathname}`;

function adopt(number) {
  const answer = document.querySelector(`[data-answer="${number}"]`);
  if (!answer) return false;
  const labels = new Set(answer.dataset.labels.split(" ").filter(Boolean));
  const labelled = answer.dataset.verdict === "labelled";
  for (const input of form.elements.labels.length ? form.elements.labels : [form.elements.labels]) {
    input.checked = labels.has(input.value);
  }
  form.elements.none.checked = labelled && labels.size === 0 && !("unsure" in answer.dataset);
  form.elements.verdict.value = answer.dataset.verdict;
  form.elements.reason.focus();
  return true;
}

function toggle(key) {
  const input = form.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!input) return false;
  input.click();
  return true;
}

function act(event) {
  const shifted = event.shiftKey && /^Digit([1-9])$/.exec(event.code);
  if (shifted) return adopt(shifted[1]);
  const pressed = event.key === "?" || (event.shiftKey && /^[a-z]$/i.test(event.key));
  const button = pressed && document.querySelector(`[data-act="${CSS.escape(event.key.toLowerCase())}"]`);
  if (button) {
    if (button.matches("select")) button.focus();
    else button.click();
    return true;
  }
  if (event.key === "Enter") {
    form.elements.reason.focus();
    return true;
  }
  if (event.key === "ArrowRight") {
    form.querySelector("[data-later]")?.click();
    return true;
  }
  if (event.key === "ArrowLeft") {
    document.querySelector("[data-before]")?.click();
    return true;
  }
  return toggle(event.key);
}

document.addEventListener("keydown", (event) => {
  if (!form || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  if (event.key === "Escape" && form.contains(event.target)) event.target.blur();
  const asking = event.target.matches("select[data-act]") && event.shiftKey && event.key.toLowerCase() === "a";
  const typing = !asking && event.target.closest("input:not([type=checkbox]), textarea, select, button, a, summary");
  if (typing || event.ctrlKey || event.metaKey || event.repeat) return;
  if (act(event)) event.preventDefault();
});

// To another page about this item and back: what is entered stays, but not what the page showed (it may have changed).
function entered() {
  const data = new FormData(form);
  for (const name of ["csrfmiddlewaretoken", "judgments", "resolution", "client_id"]) data.delete(name);
  return JSON.stringify([...data]);
}

function enterAgain(pairs) {
  const given = new Map(pairs.filter(([name]) => name !== "labels"));
  const labels = new Set(pairs.filter(([name]) => name === "labels").map(([, value]) => value));
  for (const input of form.querySelectorAll("[name=labels]")) input.checked = labels.has(input.value);
  form.elements.none.checked = given.has("none");
  for (const name of ["reason", "clause", "verdict"]) form.elements[name].value = given.get(name) ?? "";
}

if (form && sessionStorage.getItem(kept)) {
  enterAgain(JSON.parse(sessionStorage.getItem(kept)));
  sessionStorage.removeItem(kept);
}

document.addEventListener("click", (event) => {
  if (form && event.target.closest("a[data-act]")) sessionStorage.setItem(kept, entered());
});

function cite(number) {
  form.elements.clause.value = number;
}

// A reason given before: its clause comes with it, unless another is chosen already.
function reuse({ reason, clause }) {
  form.elements.reason.value = reason;
  if (clause && !form.elements.clause.value) cite(clause);
  form.elements.reason.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-adopt], [data-cite], [data-reason]");
  if (!button || !form) return;
  if ("adopt" in button.dataset) adopt(button.dataset.adopt);
  if ("cite" in button.dataset) cite(button.dataset.cite);
  if ("reason" in button.dataset) reuse(button.dataset);
});

// Back at this page: ask at once whether the item is still ours. (Leaving it is the same event, and must not.)
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) document.getElementById("lease")?.dispatchEvent(new Event("look"));
});
