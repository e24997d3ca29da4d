"""``make demo``: the whole line on one machine, from a stand-in site to answers."""
