// One key for each answer to the suspect that has the focus, or to the first; j and k go up and down.

const cards = [...document.querySelectorAll("[data-suspect]")];

const current = () => cards.findIndex((card) => card.contains(document.activeElement));

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=hidden]), textarea, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || !cards.length) return;
  const at = current();
  if (event.key === "j") cards[Math.min(at + 1, cards.length - 1)].focus();
  else if (event.key === "k") cards[Math.max(at - 1, 0)].focus();
  else cards[Math.max(at, 0)].querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
});
