#!/bin/sh
# What the machine itself must have: RabbitMQ's programs, and Python's own means to make an environment.
# Nothing is done where both are there. usage: install.sh PYTHON
set -eu
python="$1"
packages=""
# Named from outside by whoever has them elsewhere, and by the tests.
server="${RABBITMQ_SERVER:-/usr/lib/rabbitmq/bin/rabbitmq-server}"
policy="${POLICY_RC_D:-/usr/sbin/policy-rc.d}"

if [ -z "${AMQP_URI:-}" ] && [ ! -x "$server" ]; then
    packages="rabbitmq-server"
fi
if [ ! -x .venv/bin/python ] && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    packages="$packages python3-venv"
fi
[ -n "$packages" ] || exit 0

by_hand="apt-get update && apt-get install -y --no-install-recommends $packages"
if [ "$(id -u)" = 0 ]; then
    root=""
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    root="sudo"
else
    echo "Missing on this machine: $packages. Run as root: $by_hand (for RabbitMQ, AMQP_URI may name another broker instead)." >&2
    exit 1
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing on this machine, and there is no apt-get: $packages (for RabbitMQ, AMQP_URI may name another broker instead)." >&2
    exit 1
fi

# Debian starts a package's service as it is installed. Ours is a private node, so the machine's own is
# kept from starting, unless somebody has already decided about that.
if [ ! -e "$policy" ]; then
    trap '$root rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
    $root chmod 755 "$policy"
fi
echo "Installing $packages …"
log="$(mktemp)"
if ! { $root apt-get update && $root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $packages; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "Installing failed (see $log). Run as root: $by_hand" >&2
    exit 1
fi
rm -f "$log"
