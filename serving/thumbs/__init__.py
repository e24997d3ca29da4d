"""Pictures of items through this service: fetched, made small, kept, and drawn where missing."""
