"""The API with which organizations manage their own platforms, one package for each version."""
