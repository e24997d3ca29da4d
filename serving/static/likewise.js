// What makes pages smoother where scripts run; without it they do all the same.
"use strict";

// A picture that does not load makes way for the placeholder that is drawn below it.
document.addEventListener("error", ({ target }) => {
  if (target instanceof HTMLImageElement && target.closest(".frame")) target.remove();
}, true);
for (const image of document.querySelectorAll(".frame img")) {
  if (image.complete && image.naturalWidth === 0 && image.loading !== "lazy") image.remove();
}

// The arrow keys go through what is suggested below the search box; Escape puts it away.
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.(".search");
  if (!form || !["ArrowDown", "ArrowUp", "Escape"].includes(event.key)) return;
  const list = form.querySelector(".suggestions");
  const stops = [form.querySelector("input"), ...list.querySelectorAll("a")];
  if (event.key === "Escape") {
    list.replaceChildren();
    stops[0].focus();
  } else if (stops.length > 1) {
    const place = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    stops[(place + stops.length) % stops.length].focus();
    event.preventDefault();
  }
});

// What one picks is kept in this browser too, so that one finds it again; clearing clears it.
function kept(path) {
  try { return localStorage.getItem(`likewise:${path}`) ?? ""; } catch { return ""; }
}
function keep(path, picks) {
  try {
    if (picks) localStorage.setItem(`likewise:${path}`, picks);
    else localStorage.removeItem(`likewise:${path}`);
  } catch { /* A browser that keeps nothing: the picks stand in the address all the same. */ }
}
function offerTaste() {
  const section = document.querySelector("[data-taste]");
  if (!section) return;
  const path = section.pathname, picks = kept(path);
  section.search = picks;
  const resume = document.querySelector("[data-resume]");
  if (resume && picks) {
    resume.hidden = false;
    resume.querySelector("a").search = picks;
  }
}
document.addEventListener("click", ({ target }) => {
  if (target.closest?.("#taste #clear")) keep(location.pathname, "");
  const add = target.closest?.('main a[href*="/taste?like="]');
  if (!add) return;
  const before = kept(add.pathname), item = new URLSearchParams(add.search).get("like");
  const picks = new URLSearchParams(before);
  if (!picks.getAll("like").includes(item)) picks.append("like", item);
  // More than a taste may hold would never open again: of one that is full, the page says so.
  add.search = [...picks].length > 200 || `${picks}`.length > 8000 ? before : picks;
  keep(add.pathname, add.search);
}, true);
document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target.closest?.("#taste")) keep(location.pathname, location.search);
  offerTaste();
});
offerTaste();
