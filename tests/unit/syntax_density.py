"""How much stands in a line: syntax nodes by non-blank lines of a package. Few nodes a line is code
that reads from top to bottom; many is code that is folded up.

`python -m tests.unit.syntax_density [folder]` prints it.
"""

import ast
import sys
from pathlib import Path

GATTE = Path(__file__).parents[2] / "gatte"


def nodes_a_line(folder: Path) -> float:
    """Nodes of the syntax trees of all modules in a folder, a line that is not blank."""
    nodes = lines = 0
    for path in folder.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        nodes += sum(1 for _ in ast.walk(ast.parse(source)))
        lines += sum(1 for line in source.splitlines() if line.strip())
    return nodes / lines


if __name__ == "__main__":
    measured = nodes_a_line(Path(sys.argv[1]) if len(sys.argv) > 1 else GATTE)
    sys.stdout.write(f"{measured:.2f} syntax nodes a line\n")
