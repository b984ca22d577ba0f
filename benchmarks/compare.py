"""Whether all engines found the same, and what the input's truth says. Ends with status 1 where not."""

import sys
from pathlib import Path

from benchmarks.lines import prepare
from benchmarks.outcome import differences, load


def main() -> None:
    folder, lines, days, seed, *engines = sys.argv[1:]
    truth = prepare(Path(folder), lines=int(lines), days=int(days), seed=int(seed)).truth
    outcomes = {engine: load(Path(folder) / f"{engine}.outcome.json") for engine in engines}
    first = outcomes[engines[0]]
    wrong = [line for engine, outcome in outcomes.items() for line in differences(engine, outcome, first, truth)]
    if wrong:
        raise SystemExit("\n".join(wrong))
    print(
        f"{' = '.join(engines)}: {first.lines:,} lines = {first.accepted:,} accepted + {first.duplicates:,} duplicates"
        f" + {first.rejected:,} rejected; {len(first.totals):,} daily totals equal to the last digit\n",
        flush=True,
    )


if __name__ == "__main__":
    main()
