"""Moving in from another plugin: its tables are set aside before ours are made, and read afterwards.

How it works. The best-known other plugin has our app label, so its tables and the rows that record its migrations stand
where ours belong. In this order:

    guard      refuses to migrate while they do, before anything is changed
    set_aside  renames both; no row is copied, so it takes moments, and ``undo`` renames them back
    migrate    Django makes our tables, as on an empty site
    bring      reads what was set aside, and makes registrations, gates, keys, people and links of it
    compare    looks whether all is there

``found`` knows whose tables a database has, ``tools`` and ``people`` what their rows mean. Tables of PyLTI1p3 itself
and of a plugin with a label of its own need not be set aside: ``bring`` reads them where they are. All of it is raw
SQL, since the code that made the tables is gone, and since their columns differ by release.
"""
