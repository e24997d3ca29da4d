"""Builder of the default world: real public-domain drawings, simulated likes.

``python -m scrapers.replica.drawings --svg DIR --meta FILE --out DIR`` reads the Open Clip Art
Library as Debian packs it, keeps drawings that make a good shelf, renders them and simulates the
likes of people with planted tastes. The same input and seed give the same likes, bit for bit.
"""
