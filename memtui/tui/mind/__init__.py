"""The tabs of the mind pane: what the agent does, its memory, its context window, its hits."""
