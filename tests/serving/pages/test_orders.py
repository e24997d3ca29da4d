import re

import pytest

from tests.factories import SITE


@pytest.mark.parametrize(
    ("order", "name"), [("popular", "Popular"), ("trending", "Trending"), ("latest", "New")]
)
def test_each_order_has_pages_with_their_numbers(client, order, name):
    page = client.get(f"/{SITE}/{order}")
    assert f"<h1>{name}</h1>" in page.text
    assert page.text.count('class="card-link"') == 24
    assert 'pager-here">Page 1<' in page.text
    assert "First page" not in page.text
    (more,) = re.findall(r'rel="next" href="([^"]*)"', page.text)
    last = client.get(more)
    assert "That is all" in last.text
    assert 'pager-here">Page 2<' in last.text
    assert f'rel="canonical" href="/{SITE}/{order}"' in last.text
