"use strict";

const NEAR_THE_END_PX = 600;
const grid = document.querySelector("div.infinite-grid");
const asked = new URLSearchParams(window.location.search);
let nextPage = Number(asked.get("page") || 1);
let loading = false;

function element(name, attributes, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function card(model) {
  const picture = element("img", { src: model.thumbnail.url, alt: "", loading: "lazy" });
  const title = element("span", {}, [model.name]);
  return element("li", { class: "item", "data-uid": model.uid }, [
    element("meta", { itemprop: "name", content: model.name }),
    element("a", { href: model.viewerUrl, itemprop: "url" }, [picture, title]),
    element("span", { class: "likes" }, [model.likeCountText]),
  ]);
}

async function load() {
  if (loading || nextPage === null) return;
  loading = true;
  try {
    const answer = await fetch(`/i/search?type=models&sort_by=-likeCount&page=${nextPage}`);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const page = await answer.json();
    grid.append(...page.results.map(card));
    grid.classList.toggle("is-empty", grid.childElementCount === 0);
    grid.classList.add("is-loaded");
    nextPage = page.nextPage;
  } catch (error) {
    grid.classList.add("is-failed");
  }
  loading = false;
}

window.addEventListener("scroll", () => {
  const left = document.documentElement.scrollHeight - window.scrollY - window.innerHeight;
  if (left < NEAR_THE_END_PX) load();
});
load();
