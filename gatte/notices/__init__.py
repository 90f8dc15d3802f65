"""What the company writes without having been asked: reminders of certificates and appointments.

Every notice is a template that Meta approved (`template_choice`, synced by `template_sync`), goes
only to contacts who did not refuse it, and is queued once, in the transaction of its reminder's
row. `template_messages` sends a single one that a person or a program asks for.
`marketing_preferences` obeys what customers tell Meta. May use `decisions` and everything
below it. Start reading at `reminder_run`.
"""
