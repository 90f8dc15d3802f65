"""What the words of a turn are read as: rules first, then the models' labels, each checked.

Rules hold what is literal. Models say what a text does in its place. A value counts only when the
parser of its slot takes it. Start at `reader.py` (`read`).
"""
