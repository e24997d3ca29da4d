"""Lists of items at request time: asked, filtered, filled, spread, paged, explained."""
