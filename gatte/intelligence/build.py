"""Making the trained models at build or install: `python -m gatte.intelligence.build FOLDER`.

A worker only loads it. Where the folder has the file already, this takes a moment.
"""

import sys
from pathlib import Path

from gatte.intelligence.guard import hostile_model_file
from gatte.intelligence.understanding import command_model_file, logistic_regression, model_file
from gatte.intelligence.understanding.examples import INTENTS, read_examples


def build(folder: Path, examples: Path = INTENTS) -> Path:
    """The whole classifier of these examples in this folder, made now unless it is there.

    Two processes may make it at once: each writes a file of its own and moves it into place.
    """
    folder.mkdir(parents=True, exist_ok=True)  # fails before the work, not after it
    path = model_file.path_for(folder, examples)
    if not model_file.is_valid(path):
        model_file.write(path, logistic_regression.fit(read_examples(examples)))
    return path


def main(arguments: list[str]) -> int:
    """Build all models into the folder that is named."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m gatte.intelligence.build FOLDER\n")
        return 2
    folder = Path(arguments[0])
    made = [build(folder), command_model_file.build(folder), hostile_model_file.build(folder)]
    sys.stdout.write("".join(f"{path}\n" for path in made))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
