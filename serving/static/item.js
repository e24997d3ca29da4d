// Makes the pages of items smoother: reasons in a sheet, the trail's link copied, focus kept.
"use strict";

const isPlain = (click) => !(click.button || click.metaKey || click.ctrlKey || click.shiftKey || click.altKey);

document.addEventListener("click", async (click) => {
  const link = click.target instanceof Element && isPlain(click) ? click.target.closest("a.why, a.copy") : null;
  if (!link) return;
  if (link.matches(".copy")) {
    if (!navigator.clipboard) return;
    click.preventDefault();
    await navigator.clipboard.writeText(link.href).then(() => { link.textContent = "Link copied"; }, () => { location.href = link.href; });
    return;
  }
  const sheet = document.getElementById("sheet");
  const body = document.getElementById("sheet-body");
  if (!sheet || !body || !window.htmx) return;
  click.preventDefault();
  body.replaceChildren();
  await htmx.ajax("GET", link.href, { target: body, select: "#why", swap: "innerHTML" }).catch(() => {});
  if (body.firstElementChild) sheet.showModal();
  else location.href = link.href;
});

// A click beside the sheet closes it.
document.addEventListener("click", ({ target }) => {
  if (target instanceof HTMLDialogElement && target.id === "sheet") target.close();
});

// More cards take the place of the link that asked for them, and the first of them its focus.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const before = detail.target.matches("li.more") && detail.shouldSwap ? detail.target.previousElementSibling : null;
  if (before) document.addEventListener("htmx:afterSettle", () => before.nextElementSibling?.querySelector("a")?.focus({ preventScroll: true }), { once: true });
});

// What could not be done in place is done the plain way, whose page says what is wrong.
const plainly = ({ target }) => {
  if (target instanceof HTMLFormElement && target.closest(".vote")) target.submit();
  else if (target instanceof HTMLAnchorElement) location.href = target.href;
};
document.addEventListener("htmx:responseError", plainly);
document.addEventListener("htmx:sendError", plainly);
