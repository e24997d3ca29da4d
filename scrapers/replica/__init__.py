"""Stand-in sites on loopback, for the demo and the tests: each speaks as a real site does."""
