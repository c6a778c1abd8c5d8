// A form that is all its page is for: the field to write in has the keyboard (data-send=now), Ctrl+Enter sends, Esc leaves the field and
// then goes back. Without this file the buttons and links do the same.

const back = document.querySelector("a[data-back]");

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.isComposing || event.repeat || event.defaultPrevented) return;
  const form = event.target.closest("form[data-send]") ?? document.querySelector("form[data-send]");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[type=submit]"));
    return;
  }
  if (event.key !== "Escape") return;
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (typing) typing.blur();
  else back?.click();
});

document.querySelector("form[data-send=now] textarea")?.focus();
