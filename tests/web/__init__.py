"""The pages: health, metrics, feeds."""
