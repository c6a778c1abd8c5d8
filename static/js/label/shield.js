// The cover over a text that may be harmful. Without a script it opens by a click as well: it is a <details>.

import { current } from "./places.js";

export function toggleShield() {
  const shields = [...(current()?.querySelectorAll("details.shield") ?? [])];
  const isCovered = shields.some((shield) => !shield.open);
  for (const shield of shields) shield.open = isCovered;
}
