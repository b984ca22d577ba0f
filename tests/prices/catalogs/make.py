"""How the files of this folder were made: older versions of the catalog, and an older library's own answers.

    PYTHONPATH=genai_prices-0.2.2-py3-none-any.whl python tests/prices/catalogs/make.py
    PYTHONPATH=genai_prices-0.1.0-py3-none-any.whl python tests/prices/catalogs/make.py 3000

Run in the project's environment, where PYTHONPATH puts the wheel before the installed package. Writes
`genai-prices-VERSION.json.gz` (the form of usage_pipeline/prices/catalog.py `dump`), and with a number `answers-VERSION.json.gz`:
that many requests in our meters with the old library's own total, in a decimal context wide enough for every digit.
The same input gives the same bytes. genai-prices is MIT: https://github.com/pydantic/genai-prices
"""

import gzip
import json
import random
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from library_answers import answer  # noqa: E402
from library_cases import Case, cases_of  # noqa: E402

from usage_pipeline.prices.catalog import dump, installed_catalog  # noqa: E402

SEED = 20_261_121


def answered(case: Case) -> dict[str, Any]:
    """The case and what the library says: {"error", "model_id", "total"}, the total as a decimal string."""
    meters = {name: int(quantity) for name, quantity in case.meters.items()}  # before 0.2 the library took whole numbers only
    said = answer(case.provider, case.model, case.at, case.context, meters)
    calculated = said.calculation
    return {
        "provider": case.provider,
        "model": case.model,
        "at": case.at.isoformat(),
        "context": dict(case.context),
        "meters": {name: str(quantity) for name, quantity in meters.items()},
        "error": said.error,
        "model_id": calculated.model.id if calculated else None,
        "total": f"{calculated.total_price:f}" if calculated else None,
    }


def main(count: int) -> None:
    catalog = installed_catalog()
    (HERE / f"genai-prices-{catalog.version}.json.gz").write_bytes(dump(catalog))
    if count:
        cases = cases_of(catalog.providers, SEED)
        some = sorted(random.Random(SEED).sample(range(len(cases)), count))  # noqa: S311
        document = {"package": "genai-prices", "version": catalog.version, "cases": [answered(cases[place]) for place in some]}
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        (HERE / f"answers-{catalog.version}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
