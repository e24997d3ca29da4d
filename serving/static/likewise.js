// What makes pages smoother where scripts run; without it they do all the same.
"use strict";

// A picture that does not load makes way for the placeholder that is drawn below it.
document.addEventListener("error", ({ target }) => {
  if (target instanceof HTMLImageElement && target.closest(".frame")) target.remove();
}, true);
for (const image of document.querySelectorAll(".frame img")) {
  if (image.complete && image.naturalWidth === 0 && image.loading !== "lazy") image.remove();
}
