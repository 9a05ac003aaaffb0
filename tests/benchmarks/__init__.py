"""Measurements of the budgets: `uv run python -m tests.benchmarks` prints them as one table.

    __main__   the command line
    bench      what every measurement is given: sizes, folders, homes, libraries
    home       a $MEMTUI_HOME of its own, and the engine in it
    report     rows, the table, JSON
    stats      medians, percentiles
    library    fills a record and an archive with passages and random vectors (a process)
    prose      English pages for PDFs
    loading    keeps a load running meanwhile
    warmth     waits until an engine has finished starting
    words      passages of invented words for big libraries
    processes  memory of a tree of processes
    terminal   runs a program on a terminal and watches what it prints

One module for each subject measured, with a function `measure(bench)`: start, keys, engine, load,
attach, search, quality, memory. What has to run in a process of its own lies beside it: `hello`,
`panes`, `imports`, `typing`, `model`, `history`, `library`.
"""
