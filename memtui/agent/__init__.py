"""The MemGPT agent: the loop of one turn, its context window, its tools, personas and prompts.

`ports` declares what the agent needs from the rest (a chat model, a memory, a clock); the engine
adapts the record, the search and the models to it. Imports nothing of memtui but `api`.
"""
