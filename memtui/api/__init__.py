"""What crosses the seam between the engine and its clients: requests, replies, events, errors,
the client, and the launcher that finds or starts the engine.

May be imported by all. Imports nothing of memtui but `config` and `paths`.
"""
