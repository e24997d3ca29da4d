import re

from tests.factories import SITE


def test_chance_leads_to_an_item_and_nobody_keeps_which(client):
    met = set()
    for _ in range(20):
        answer = client.get(f"/{SITE}/random")
        assert answer.status_code == 303
        assert answer.headers["cache-control"] == "no-store"
        assert client.get(answer.headers["location"]).status_code == 200
        met.add(answer.headers["location"])
    assert len(met) > 1


def test_a_page_of_chance_is_named_by_its_seed_and_can_be_dealt_again(client):
    answer = client.get(f"/{SITE}/surprise")
    assert answer.status_code == 303
    assert re.fullmatch(rf"/{SITE}/surprise\?seed=\d+", answer.headers["location"])
    page = client.get(answer.headers["location"])
    assert f'href="/{SITE}/surprise"' in page.text
    assert page.text.count('class="card-link"') == 24


def test_other_seeds_deal_other_items(client):
    one, other = (client.get(f"/{SITE}/surprise?seed={seed}").text for seed in (1, 2))
    cards = re.compile(r'class="card-link" href="([^"]*)"')
    assert cards.findall(one) != cards.findall(other)
