// The key that uncovers a harmful text, or covers it again, where there is no labelling seat. Without this file a click
// on the cover does the same. What has the key already (a category of the form) keeps it.

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  const covers = [...document.querySelectorAll("details.shield")];
  const key = covers[0]?.querySelector("kbd[data-action=reveal]")?.textContent;
  if (!key || event.key.toLowerCase() !== key) return;
  const isCovered = covers.some((cover) => !cover.open);
  for (const cover of covers) cover.open = isCovered;
  event.preventDefault();
});
