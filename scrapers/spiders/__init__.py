"""One module a site: its urls, selectors and paging facts."""
