"""Whole screens and modals. A modal returns its result; the app acts on it."""
