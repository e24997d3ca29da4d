// Likewise for a web page, or for Node: node ask.mjs [URL] [SITE]
// In a page of another origin, the operator names that origin in LIKEWISE_CORS_ORIGINS.

export class Likewise {
  constructor(url, site) {
    this.base = `${url}/v1/${encodeURIComponent(site)}`;
  }

  popular(params) {
    return this.#ask(`/popular${query(params)}`);
  }

  similar(itemId, params) {
    return this.#ask(`/items/${encodeURIComponent(itemId)}/similar${query(params)}`);
  }

  // likes: ids of items that the visitor likes; nothing of it is kept by the API
  forVisitor(likes, params) {
    const items = likes.map((id) => ({ item_id: id }));
    return this.#ask("/recommendations", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ items, ...params }),
    });
  }

  async #ask(path, init, retries = 3) {
    const answer = await fetch(this.base + path, init);
    const waitS = Number(answer.headers.get("Retry-After"));
    if (answer.status === 503 && waitS && retries) {
      await new Promise((resolve) => setTimeout(resolve, waitS * 1000));
      return this.#ask(path, init, retries - 1);
    }
    const told = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(told.detail), told);
    return told;
  }
}

// { k: 5, tag: ["cat", "boat"] } becomes ?k=5&tag=cat&tag=boat
function query(params = {}) {
  const pairs = Object.entries(params).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, String(one)]),
  );
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

export async function ask(url, site, say) {
  const likewise = new Likewise(url, site);
  const [first, second] = (await likewise.popular({ k: 2 })).items;
  say(`most liked: ${first.item_id} ${first.title}`);
  const { items, model } = await likewise.similar(first.item_id, { k: 3 });
  say(`similar by ${model}: ${items.map((item) => item.item_id).join(" ")}`);
  const visitor = await likewise.forVisitor([first.item_id, second.item_id], { k: 3 });
  say(`for a visitor: ${visitor.items.map((item) => item.item_id).join(" ")}`);
  await likewise
    .similar(first.item_id, { model: "no-such" })
    .catch((problem) => say(`refused: ${problem.status} ${problem.known.join(" ")}`));
}

if (globalThis.process?.argv[1]?.endsWith("ask.mjs")) {
  const [url = "http://127.0.0.1:8000", site = "sketchfab"] = process.argv.slice(2);
  await ask(url, site, console.log);
}
