// What a page has that it should not have, and what has run on it.
(pictures) => {
  const loads = ["href", "src", "srcset", "action", "formaction", "poster", "ping", "data", "srcdoc", "background", "style", "xlink:href", "hx-get", "hx-post", "data-hx-get", "data-hx-post"];
  const never = ["srcset", "srcdoc", "style"];
  const known = [location.host, pictures];
  const odd = new Set();
  const isOwn = (url) => ["http:", "https:"].includes(url.protocol) && known.includes(url.host);
  for (const element of document.querySelectorAll("*")) {
    const name = element.localName;
    if (["style", "object", "embed", "base", "video", "audio"].includes(name)) odd.add(name);
    if (name === "script" && !element.getAttribute("src")?.startsWith("/static/")) odd.add(name);
    if (name === "meta" && element.httpEquiv) odd.add(name);
    for (const { name: attribute, value } of element.attributes) {
      if (/^(on|(data-)?hx-(on|vals|vars|headers|ext))/.test(attribute)) odd.add(attribute);
      if (!loads.includes(attribute)) continue;
      const url = URL.parse(value, document.baseURI);
      if (never.includes(attribute) || !url || !isOwn(url)) odd.add(`${attribute}=${value}`);
    }
  }
  const { scrollWidth, clientWidth } = document.documentElement;
  return { odd: [...odd].slice(0, 9), wide: document.styleSheets.length ? scrollWidth - clientWidth : 0, text: document.body.innerText.length };
}
