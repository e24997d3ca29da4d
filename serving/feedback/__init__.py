"""What visitors do with the items that they are shown: taken in, counted, written down."""
