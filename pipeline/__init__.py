"""Raw Parquet becomes a checked, published snapshot."""
