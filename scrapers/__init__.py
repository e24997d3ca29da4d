"""A site's pages and hidden JSON become raw Parquet parts."""
