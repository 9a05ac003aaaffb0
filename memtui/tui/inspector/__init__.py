"""The parts of the hits inspector; `screens/inspector.py` puts them together."""
