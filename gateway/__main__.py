from services.chassis import patch  # noqa: F401, I001 - before anything that opens a socket

from gateway.server import main

main()
