import json
import subprocess
import sys
import threading
import time

from scrapers.records import RunStatus, read_manifest

ROBOTS = (404, {}, b"")
PARENT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL)
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_crawl_whose_parent_died_lands_what_it_read_and_is_gone(crawls, serve, monkeypatch):
    hanging, ended = threading.Event(), threading.Event()

    def answer(path):
        if path == "/robots.txt":
            return ROBOTS
        if "cursor=2" in path:
            hanging.set()
            ended.wait(30)
        body = {"results": [{"uid": "a", "likeCount": 9}], "next": f"{base}&cursor=2"}
        return 200, {}, json.dumps(body).encode()

    with serve(answer) as (url, _):
        base = f"{url}/v3/models?sort_by=-likeCount"
        crawl = [sys.executable, "-m", "scrapy", "crawl", "sketchfab"]
        for pair in (f"base_url={url}", "catalogue=json", "run_id=r1"):
            crawl += ["-a", pair]
        monkeypatch.setenv("LIKEWISE_DATA", str(crawls.data))
        monkeypatch.setenv("LIKEWISE_PROFILE", "fast")
        with subprocess.Popen(
            [sys.executable, "-c", PARENT, *crawl],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as parent:
            assert hanging.wait(20)
            parent.kill()
        manifest = ended_manifest(crawls.folder("items"), within_s=6)
        ended.set()
    assert manifest.status is RunStatus.PARTIAL
    assert crawls.rows("items")["item_id"].to_list() == ["a"]


def ended_manifest(folder, within_s):
    """Manifest once its crawl has ended; the last one seen where it does not end in time."""
    deadline = time.monotonic() + within_s
    pause = threading.Event()
    while True:
        manifest = read_manifest(folder)
        if manifest.status is not RunStatus.RUNNING or time.monotonic() > deadline:
            return manifest
        pause.wait(0.05)
