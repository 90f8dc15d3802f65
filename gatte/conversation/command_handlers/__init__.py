"""What follows from each command of a turn, in modules by group of precedence.

Start at `processor.py` (`run`, and the table from command to handler). A handler takes the run and
its command, changes the decision in the making, and says what became of the command.
"""
