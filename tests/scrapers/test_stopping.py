import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from scrapers.records import RunStatus, read_manifest

ROBOTS = (404, {}, b"")
PARENT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL)
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("is_in_dagster", [True, False], ids=["in Dagster", "by hand"])
def test_crawl_of_a_dead_dagster_lands_what_it_read_and_is_gone(
    crawls, serve, request, monkeypatch, is_in_dagster
):
    if is_in_dagster:
        request.getfixturevalue("pipes")
    monkeypatch.setenv("LIKEWISE_DATA", str(crawls.data))
    monkeypatch.setenv("LIKEWISE_PROFILE", "fast")
    hanging, ended = threading.Event(), threading.Event()

    def answer(path):
        if path == "/robots.txt":
            return ROBOTS
        if "cursor=2" in path:
            hanging.set()
            ended.wait(300)
        body = {"results": [{"uid": "a", "likeCount": 9}], "next": f"{base}&cursor=2"}
        return 200, {}, json.dumps(body).encode()

    with serve(answer) as (url, _):
        base = f"{url}/v3/models?sort_by=-likeCount"
        crawl = [sys.executable, "-m", "scrapy", "crawl", "sketchfab"]
        for pair in (f"base_url={url}", "catalogue=json", "run_id=r1"):
            crawl += ["-a", pair]
        crawl += ["-s", "DOWNLOAD_TIMEOUT=600"]
        command = [sys.executable, "-c", PARENT, *crawl]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
            pid = int(parent.stdout.readline())
            assert hanging.wait(120)
            parent.kill()
        try:
            manifest = ended_manifest(crawls.folder("items"), within_s=60 if is_in_dagster else 2)
        finally:
            if not is_in_dagster:
                os.kill(pid, signal.SIGKILL)
            ended.set()
    if not is_in_dagster:
        assert manifest.status is RunStatus.RUNNING
        return
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
