"""Start a Milvus server, run tests against it, stop it; only for a network namespace of its own.

python milvus_server.py FOLDER_OF_THE_PACKAGE DATA TEST_FILE...
"""

import os
import socket
import subprocess
import sys


def main():
    package, data, *tests = sys.argv[1:]
    names = {name for _, name in socket.if_nameindex()}
    if names != {"lo"}:
        sys.exit(f"This is not a network namespace of its own: it has {sorted(names)}.")
    sys.path.append(package)
    from milvus import MilvusServer

    server = MilvusServer(data_dir=data)
    server.start()
    try:
        url = f"http://127.0.0.1:{server.listen_port}"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-k", "milvus_server", "-p", "no:cacheprovider", *tests],
            env={**os.environ, "GLEAM_TEST_MILVUS_URL": url},
        )
    finally:
        server.stop()
    sys.exit(done.returncode)


main()
