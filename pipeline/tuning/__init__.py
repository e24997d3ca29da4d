"""Models chosen for a site by itself: on validation likes alone, within a budget."""
