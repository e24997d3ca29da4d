"""Search by words that may be misspelt: built once as flat arrays, asked with numpy alone."""
