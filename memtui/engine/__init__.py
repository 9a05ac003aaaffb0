"""The engine: one process per data directory that owns the record, the archive and the agents.

The one place that wires the parts together; imports all of them, and neither `tui` nor `cli`.

    __main__, server   the process: lock, socket, log, life and end
    app, routes/       the HTTP API, errors as JSON
    engine             everything wired together, with a beginning and an end
    parts, models      the record, archive, embedder, readers and models that the settings name
    hub                the one stream of events
    jobs, agents       what runs: loads, and turns (one at a time for each agent)
    history, export    what the user does to an agent's history, and the history as a text
    finder             the one search, its hits with their citations
    memory, shelf      what the agent and the library see of the record and the archive
    outside/           tools that reach outside, each call in a process of its own; permissions
    doctor, log        what is wrong, and what happened
    reader             the process that reads documents
"""
