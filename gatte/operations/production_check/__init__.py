"""The checks of `flask check`: whether the running installation is fit for production.

A check is a function without arguments that gives findings, none when all is well. It looks at
what is, not at what was meant: the settings that Postgres has, the heartbeats that came, the job
that ran. Texts stand in texts.toml, in English for the command and in Portuguese for the panel.
Start reading at `checklist.py`.
"""
