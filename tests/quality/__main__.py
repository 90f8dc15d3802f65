"""`python -m tests.quality`: play all voices and tell the figures; 1 where a floor is not held."""

import argparse
import sys
from pathlib import Path

from tests.quality import figures, report, run, voice_files
from tests.quality.play import Reading


def main() -> int:
    """Run what the arguments name; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    parser.add_argument("--voices", help="names, parted by commas (all when it is left out)")
    parser.add_argument("--seeds", type=int, default=4, help="ways of writing of each customer")
    parser.add_argument("--only", choices=("customers", "sentences", "turns"))
    parser.add_argument("--readings", default="local,gold,noisy", help="who reads, of customers")
    parser.add_argument("--out", type=Path, help="the Markdown file to write, as docs/quality.md")
    given = parser.parse_args()
    voices = given.voices.split(",") if given.voices else voice_files.names()
    unknown = set(voices) - set(voice_files.names())
    if unknown:
        parser.error(f"no such voice: {', '.join(sorted(unknown))}")
    readings = [Reading(one) for one in given.readings.split(",")]
    results = run.run(list(run.tasks(voices, given.seeds, given.only, readings)))
    text = report.markdown(results, voices, given.seeds)
    sys.stdout.write(text)
    report.write_transcripts(results)
    counting = figures.of(results, set(voices) & voice_files.HELD_OUT)
    if given.out:
        report.write(given.out, text, counting, given.seeds)
    broken = figures.below_floor(counting)
    for line in broken:
        sys.stderr.write(f"below its floor: {line}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
