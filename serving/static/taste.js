// A pick makes the page anew: what one looked at stays where it was on the screen.
"use strict";

const headOf = (section) => document.getElementById(section)?.getBoundingClientRect().top;

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "taste" || !detail.shouldSwap) return;
  const pressed = detail.requestConfig.triggeringEvent?.submitter ?? document.activeElement;
  const section = pressed?.closest(".shelf")?.getAttribute("aria-labelledby");
  const before = headOf(section);
  if (before === undefined) return;
  document.addEventListener("htmx:afterSwap", () => {
    const after = headOf(section);
    if (after !== undefined) scrollBy({ top: after - before, behavior: "instant" });
  }, { once: true });
});
