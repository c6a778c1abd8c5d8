// Acts on many items by keyboard: j and k go through the rows, x chooses one, Ctrl+Enter does it, Enter goes to the reason, and
// whatever says its key (data-key) is pressed by it. Without this file mouse, Tab and Space do the same.

const form = document.querySelector("form[data-apply]");
const ticks = [...document.querySelectorAll("[data-row] input[type=checkbox]")];
const count = document.querySelector("[data-count]");

function recount() {
  const n = ticks.filter((tick) => tick.checked).length;
  if (count) count.textContent = n;
  const button = count?.closest("button");
  if (button) button.disabled = n === 0;
}

function tickAll() {
  const wanted = ticks.some((tick) => !tick.checked);
  for (const tick of ticks) tick.checked = wanted;
  recount();
}

function move(by) {
  if (!ticks.length) return false;
  const at = ticks.findIndex((tick) => tick.closest("[data-row]").contains(document.activeElement));
  const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), ticks.length - 1);
  ticks[next].focus();
  ticks[next].closest("[data-row]").scrollIntoView({ block: "nearest" });
  return true;
}

function act(event) {
  if (event.key === "j") return move(1);
  if (event.key === "k") return move(-1);
  if (event.key === "x") {
    const tick = ticks.find((each) => each.closest("[data-row]").contains(document.activeElement));
    tick?.click();
    return Boolean(tick);
  }
  const reason = form?.elements.reason;
  if (event.key === "Enter" && reason && !event.target.closest("button, a, summary")) {
    reason.focus();
    return true;
  }
  const pressed = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  pressed?.click();
  return Boolean(pressed);
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.isComposing || event.repeat || document.querySelector("dialog[open], dialog:popover-open")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    if (!form) return;
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  if (event.key === "Escape" && form?.contains(event.target)) event.target.blur();
  if (event.target.closest("input:not([type=checkbox]), textarea, select") || event.ctrlKey || event.metaKey) return;
  if (act(event)) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-all]")) tickAll();
});
document.addEventListener("change", recount);
recount();
