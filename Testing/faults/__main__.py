"""``python -m faults --count 2000 --seed 1`` prints as JSON what became of randomly changed objects.

``--only "plan:1000017"`` repeats one of them and lets its exception through; ``--unchanged`` reads each as it is.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import logging
import signal
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

from .elements import encode_file
from .fuzz import limit_memory, raise_too_slow, read_outcome, run
from .mutations import mutated
from .tiny_objects import tiny_objects


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="kind:seed of one object")
    parser.add_argument("--unchanged", action="store_true", help="read each object once as it is")
    arguments = parser.parse_args()
    faulthandler.enable()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    logging.disable(logging.CRITICAL)
    tiny = tiny_objects()
    limit_memory()
    signal.signal(signal.SIGALRM, raise_too_slow)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.only:
            kind, seed = arguments.only.rsplit(":", 1)
            one = next(one for one in tiny if one.kind == kind)
            print(read_outcome(one, mutated(one, int(seed)), folder))
        elif arguments.unchanged:
            outcomes = {one.kind: {read_outcome(one, encode_file(one.elements, one.syntax), folder): 1} for one in tiny}
            print(json.dumps({"outcomes": outcomes}))
        else:
            print(json.dumps(run(tiny, arguments.count, arguments.seed, folder), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
