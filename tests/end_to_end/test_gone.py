"""Days go by on a site: what is curated after a full crawl is what the site shows then."""

import pytest

from pipeline.dataset.items import curate_items
from pipeline.dataset.keys import load_or_create_key
from pipeline.dataset.likes import curate_likes
from pipeline.dataset.presence import read_present
from scrapers.records import pseudonym
from tests.end_to_end.world import write_world
from tests.torture.crawling import Crawler
from tests.torture.stand_in import StandIn

SITE = "sketchfab"
STAGES = ({"stage": "catalogue", "catalogue": "json"}, {"stage": "likes"})
ADVANCE = "/_world/advance?days={}&churn={}&swap={}&seed=5"


class Line:
    """Crawls of a stand-in, and what is curated of them."""

    def __init__(self, site, data, side):
        self.site, self.data, self.side = site, data, side
        self.key = load_or_create_key(data / "keys" / "pseudonym.key", data)

    def refresh(self, run_id, mode):
        for stage in STAGES:
            asked = {**stage, "run_id": run_id, "mode": mode, "side": self.side}
            ended = Crawler(self.data).run(self.site.url, **asked)
            assert ended.code == 0, ended.log
        report = curate_likes(self.data, SITE, self.key)
        curate_items(self.data, SITE)
        return report

    def curated(self):
        return set(read_present(self.data, SITE).likes.select("user_id", "item_id").rows())

    def shown(self):
        likes, _ = self.site.likes(self.side)
        return {(pseudonym(SITE, handle, self.key), item) for handle, item in likes}


@pytest.mark.parametrize("side", ["item", "user"])
def test_full_crawl_after_days_of_churn_leaves_what_the_site_shows(tmp_path, side):
    world = write_world(tmp_path / "tiny")
    with StandIn(world, options=["--mutable"]) as site:
        line = Line(site, tmp_path / "data", side)
        line.refresh("day-0", "full")
        first = line.shown()
        assert line.curated() == first
        site.ask(ADVANCE.format(1, 0.2, 3), method="POST")
        went = first - line.shown()
        assert went
        line.refresh("day-1", "incremental")
        assert line.curated() != line.shown(), "a daily crawl does not look for what went"
        assert line.refresh("day-2", "full").n_gone > 0
        assert line.curated() == line.shown()
        gone = read_present(line.data, SITE).gone_likes
        assert went <= set(gone.select("user_id", "item_id").rows())
