"""A process that writes tiles until it is killed, saying on its output what the store has acknowledged.

python store_writer.py ADAPTERS.py FOLDER URL BATCHES
"""

import importlib.util
import sys
from pathlib import Path


def main():
    adapters, folder, url, batches = sys.argv[1:]
    spec = importlib.util.spec_from_file_location("store_adapters", adapters)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if url == "-":
        store = module.LanceStore(Path(folder), dim=module.DIM, exact_rows=module.LanceIndexed.exact_rows)
    else:
        store = module.open_store(Path(folder), url, dim=module.DIM)
    for number in range(int(batches)):
        store.upsert(module.make_batch(50, seed=number, start=50 * number))
        print("acknowledged", number, flush=True)
        if number % 8 == 7:
            store.optimize()
            print("optimized", flush=True)
    store.close()
    print("done", flush=True)


main()
