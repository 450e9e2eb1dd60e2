"""Monkey patch of eventlet, imported before anything else by the first line of every process.

A MongoClient, a socket or a lock made before this import stays blocking and stalls every greenthread.
"""

import warnings

with warnings.catch_warnings():
    # eventlet announces its retirement on import; nameko is kept at the edge for that day.
    warnings.simplefilter("ignore")
    import eventlet

eventlet.monkey_patch()
