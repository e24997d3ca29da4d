"""How good lists are, on likes that were held out, and how sure that is."""
