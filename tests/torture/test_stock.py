"""Stock Scrapy breaks where our crawls do not: without it, nobody would know that faults bite."""

from tests.torture.stock import crawl_by_stock, kill_stock

SEED = 3
BITING = (
    "status-429-seconds",
    "status-200-error-page",
    "cut-json",
    "html-for-json",
    "empty-200",
    "delete",
    "redirect-to-seen",
    "redirect-to-private",
    "robots-turns-disallow",
)


def test_stock_scrapy_reads_a_site_without_faults_whole(setting):
    assert not crawl_by_stock("", SEED, setting.world, setting.room("stock")).breaks


def test_stock_scrapy_breaks_on_most_faults(setting):
    found = [
        crawl_by_stock(fault, SEED, setting.world, setting.room(f"stock-{fault}"))
        for fault in BITING
    ]
    unharmed = [stock.fault for stock in found if not stock.breaks]
    assert len(unharmed) <= len(BITING) // 4, unharmed


def test_stock_scrapy_breaks_when_it_is_killed(setting):
    assert kill_stock(setting.world, setting.room("stock-killed"), SEED).breaks
