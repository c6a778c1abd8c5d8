// Ctrl+Z undoes a lead's last act, unless it would undo what is being typed. Without this file the button does.

document.addEventListener("keydown", (event) => {
  if (event.key !== "z" || event.shiftKey || event.altKey || event.repeat || !(event.ctrlKey || event.metaKey)) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  const form = document.querySelector("form[data-undo]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
});
