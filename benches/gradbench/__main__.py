"""Answer GradBench's messages on stdin, one line of JSON each, with one on stdout."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[1])
    from gradbench.protocol import answer_lines

    for response in answer_lines(sys.stdin):
        print(response, flush=True)
