"""Widgets: each shows part of the store, and posts messages about what the user did."""
