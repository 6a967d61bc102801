"""The gradebook: which column of the platform a score goes to, made if need be, and what the platform shows there. (AGS
2.0)

``remember`` notes at a launch what the platform says of columns, ``ensure`` finds or makes the column when a score is
sent, ``subsections`` gives each graded subsection its own, ``taking_back`` removes a column of ours that is not wanted.
``reconcile`` compares what was sent with what is shown; ``missing`` sends again what was lost.
"""
