"""Routes by concern; each module builds one router on the catalog."""
