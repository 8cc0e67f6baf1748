"""The catalogs of texts, one file a language, read through the loader of the package."""
