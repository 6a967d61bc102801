"""What happened: a record of every attempt, and the page of a refused one."""
