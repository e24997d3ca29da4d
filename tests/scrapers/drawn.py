"""A site whose pages a script draws, for tests of the browser."""

from tests.scrapers.wire import reply

DOCUMENT = b"""<!doctype html><link rel=stylesheet href=/site.css><script src=/draw.js></script>
<img src=/picture.png><iframe src="http://127.0.0.1:9/frame"></iframe><ul></ul>"""
SCRIPT = b"""
const list = () => document.querySelector("ul");
const show = (text) => { list().innerHTML = `<li class=item>${text}`; };
const draw = () => fetch("/data" + location.search).then((a) => a.ok ? a.json() : Promise.reject())
  .then((data) => show(data.text)).catch(() => show("failed"));
document.addEventListener("DOMContentLoaded", () => {
  fetch("http://127.0.0.1:9/beacon").catch(() => {});
  new WebSocket(`ws://${location.host}/socket`);
  if (location.search.includes("spin")) { const t = Date.now(); while (Date.now() - t < 60000); }
  if (!location.search.includes("blank")) draw();
});
"""


def drawn_site(path, nth):
    """Answers of the site; None stands for what `Wire` gives by itself."""
    if path == "/draw.js":
        return reply(SCRIPT, Content_Type="text/javascript")
    if path.startswith("/page"):
        return reply(DOCUMENT, Content_Type="text/html")
    if path.startswith("/data"):
        return reply(b'{"text": "drawn"}', Content_Type="application/json")
    return None
