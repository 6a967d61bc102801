"""The API with which organizations manage their own platforms."""
