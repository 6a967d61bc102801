"""Tutor plugin that installs and turns on lti-1p3-provider in an Open edX site."""
