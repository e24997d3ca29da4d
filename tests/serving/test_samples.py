from dataclasses import replace

import numpy as np

from serving.samples import sample_links, sample_paths, sample_user_link
from tests.factories import SITE


def test_samples_lead_to_lists_that_hold_something(client):
    snapshot = client.catalog.snapshots[SITE]
    item, similar = sample_links(snapshot)
    assert client.get(item).status_code == 200
    assert client.get(similar).json()["items"]
    assert client.get(sample_user_link(snapshot)).json()["items"]


def test_an_empty_site_has_no_samples(client):
    snapshot = client.catalog.snapshots[SITE]
    none = np.empty(0, np.int32)
    empty = replace(
        snapshot,
        items=replace(snapshot.items, ids=[], index={}, like_counts=none),
        users={},
        lists={"similar": {}, "recommendations": {}},
        popular=none,
    )
    assert list(sample_links(empty)) == []
    assert sample_user_link(empty) is None


def test_a_path_of_a_person_is_shown_only_where_there_are_such_routes(client):
    snapshot = client.catalog.snapshots[SITE]
    links = list(sample_links(snapshot))
    assert list(sample_paths(snapshot, user_routes=False)) == links
    assert list(sample_paths(snapshot, user_routes=True)) == [*links, sample_user_link(snapshot)]
