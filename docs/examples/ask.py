"""What a page of a shop needs of Likewise: ``python docs/examples/ask.py [URL] [SITE]``."""

from __future__ import annotations

import sys
from itertools import islice

from likewise_client import Likewise, LikewiseError, each


def main(url: str = "http://127.0.0.1:8000", site: str = "sketchfab") -> None:
    """Print a few answers."""
    likewise = Likewise(url, site)
    first, second = likewise.popular(k=2)["items"]
    print("most liked:", first["item_id"], first["title"])

    for item in likewise.similar(first["item_id"], k=3)["items"]:
        print("similar:", item["rank"], item["item_id"], item["source"])

    visitor = likewise.for_visitor({first["item_id"]: 2, second["item_id"]: 1}, k=3, explain=True)
    print("for a visitor:", [item["item_id"] for item in visitor["items"]], visitor["method"])

    tag = likewise.tags(k=1)["groups"][0]["slug"]
    of_tag = each(lambda cursor: likewise.popular(tag=[tag], k=5, cursor=cursor))
    print(f"of {tag}:", len(list(islice(of_tag, 12))))

    try:
        likewise.similar(first["item_id"], model="no-such")
    except LikewiseError as err:
        print("refused:", err.status, err.kind, err.known)


if __name__ == "__main__":
    main(*sys.argv[1:])
