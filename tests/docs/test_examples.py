"""The examples of docs/examples, run against a process that serves the small site."""

import http.server
import json
import re
import shutil
import subprocess
import sys
import urllib.request
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from scrapers.chromium import FLAGS, find_chromium
from tests.factories import SITE, publish_small_site
from tests.services import answering, start_service

FOLDER = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture(scope="module")
def origin():
    """Url of a server of the examples, of another origin than the API."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = partial(Quiet, directory=FOLDER)
    with answering(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)) as url:
        yield url


@pytest.fixture(scope="module")
def url(tmp_path_factory, origin):
    data = tmp_path_factory.mktemp("examples")
    publish_small_site(data)
    with start_service(data=data, port=0, cors_origins=origin, log_requests=False) as process:
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()
            process.communicate(timeout=60)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=find_chromium(), args=list(FLAGS), timeout=120_000
        )
        yield chromium
        chromium.close()


def answer(url, path):
    with urllib.request.urlopen(f"{url}/v1/{SITE}{path}", timeout=60) as found:
        return json.load(found)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def expected(url):
    """What the Python and the JavaScript example both find."""
    first, second = answer(url, "/popular?k=2")["items"]
    similar = answer(url, f"/items/{first['item_id']}/similar?k=3")
    return first, second, similar


def test_the_curl_example_runs(url):
    first, *_ = expected(url)
    most_liked, *rest, refused = run("sh", str(FOLDER / "ask.sh"), url)
    assert most_liked == f"most liked: {first['item_id']}"
    assert rest == [
        "similar: 200 application/json",
        "for a visitor: 200",
        "not changed: 304",
    ]
    assert json.loads(refused)["errors"][0]["name"] == "k"


def test_the_python_example_runs(url):
    first, _, similar = expected(url)
    lines = run(sys.executable, str(FOLDER / "ask.py"), url, SITE)
    assert lines[0] == f"most liked: {first['item_id']} {first['title']}"
    assert lines[1:4] == [
        f"similar: {item['rank']} {item['item_id']} {item['source']}" for item in similar["items"]
    ]
    assert lines[4].startswith("for a visitor: ['item-")
    assert lines[5].endswith(": 12")
    assert lines[6].startswith("refused: 404 unknown-model ['")
    assert len(lines) == 7


def check_script(url, lines):
    first, second, similar = expected(url)
    assert lines[0] == f"most liked: {first['item_id']} {first['title']}"
    listed = " ".join(item["item_id"] for item in similar["items"])
    assert lines[1] == f"similar by {similar['model']}: {listed}"
    recommended = lines[2].removeprefix("for a visitor: ").split()
    assert len(recommended) == 3
    assert not {first["item_id"], second["item_id"]} & set(recommended)
    assert lines[3].startswith("refused: 404 ")
    assert len(lines) == 4


@pytest.mark.skipif(not shutil.which("node"), reason="Node is optional")
def test_the_javascript_example_runs_in_node(url):
    check_script(url, run("node", str(FOLDER / "ask.mjs"), url, SITE))


@pytest.mark.browser
def test_the_javascript_example_runs_in_a_page_of_another_origin(url, origin, browser):
    page = browser.new_page()
    try:
        page.goto(f"{origin}/")
        script = """async ([origin, url, site]) => {
            const lines = [];
            const { ask } = await import(`${origin}/ask.mjs`);
            await ask(url, site, (line) => lines.push(line));
            return lines;
        }"""
        check_script(url, page.evaluate(script, [origin, url, SITE]))
    finally:
        page.close()


def fenced(language, url):
    """Blocks of a language of docs/api.md, for another address."""
    page = (FOLDER.parent / "api.md").read_text("utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert all("http://127.0.0.1:8000" in block for block in blocks)
    return [block.replace("http://127.0.0.1:8000", url) for block in blocks]


def test_the_python_of_the_page_runs(url):
    (block,) = fenced("python", url)
    script = f"import sys; sys.path.insert(0, {str(FOLDER)!r})\n{block}"
    *listed, refused = run(sys.executable, "-c", script)
    assert [line.split()[0] for line in listed] == list("12345")
    assert refused.startswith("unknown-model ['")


@pytest.mark.skipif(not shutil.which("node"), reason="Node is optional")
def test_the_javascript_of_the_page_runs(url, tmp_path):
    shutil.copy(FOLDER / "ask.mjs", tmp_path)
    script = tmp_path / "page.mjs"
    begin, client = fenced("js", url)
    script.write_text(begin)
    assert len([line for line in run("node", str(script)) if "http" in line]) == 6
    script.write_text(client)
    (listed,) = run("node", str(script))
    assert listed.count("Model ") == 5


def test_an_example_that_fails_would_be_seen(origin):
    with pytest.raises(subprocess.CalledProcessError):
        run(sys.executable, str(FOLDER / "ask.py"), origin, SITE)
    with pytest.raises(subprocess.CalledProcessError):
        run("sh", str(FOLDER / "ask.sh"), origin)
