"""SQL that Django does not write for us, and what differs between databases.

    prepared, inserting, markers    queries whose SQL is written once: the hot path
    upserts, dropping               many rows at once: writing them, deleting them in batches
    storable, searching, quoting    characters that a database cannot keep
    conflicts, isolation            two transactions that met
    cursors                         where a list in parts goes on

Models are not here: each package has its own.
"""
