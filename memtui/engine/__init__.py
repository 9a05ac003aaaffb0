"""The engine: one process per data directory that owns the record, the archive and the agents.

The one place that wires the parts together; imports all of them, and neither `tui` nor `cli`.

    __main__   the process: lock, socket, log, life and end
    app        the HTTP API (routes/), errors as JSON
    parts      builds record, archive, embedder, readers, indexer, models from the settings
    hub        the one stream of events
    jobs       loads, one after another or side by side
    turns      agents' turns: one at a time for each agent, cancellable
    adapters   what the agent and the library see of the record, the search and the archive
"""
