"""How the command model learns from what agents correct: corrections become examples, a batch is
checked, a challenger is trained and scored against the champion.

Reads no table and stores nothing: `operations/model_lifecycle.py` does. Start reading at
`challenger.py`.
"""
