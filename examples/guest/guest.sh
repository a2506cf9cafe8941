#!/bin/sh
# A guest in 20 lines: the kernel configures itself from Router Advertisements, dhclient asks for what DHCPv6 has.
set -eu

# is NAME: is this flag true in the situation?
is() { grep -q "\"$1\": true" "$SEXTANT_SITUATION"; }

trap 'kill $(jobs -p) 2>/dev/null; wait; exit 0' TERM

if is ipv6 && { is managed || is other; }; then
    for interface in $SEXTANT_INTERFACE; do
        # dhclient needs a link-local address that is not tentative any more (RFC 4862 section 5.4).
        until ip -6 address show dev "$interface" scope link -tentative | grep -q inet6; do sleep 0.1; done
    done
    stateless=$(is managed || echo -S)
    # Its leases lie in the working directory, which is this guest's own and stays when it is started again.
    dhclient -6 $stateless -d -D LL -lf "$PWD/leases" -pf "$PWD/pid" $SEXTANT_INTERFACE &
fi
sleep infinity &
wait
