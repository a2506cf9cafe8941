"""Dual-stack clients with one habit broken, and one with none: RFC 8305 as it is written."""

from __future__ import annotations

from fixtures.peers.scripted_application import Habits, ScriptedApplication

#: Resolves and races as RFC 8305 says, which no installed program does (they leave resolving to getaddrinfo). It waits
#: less than the recommended 50 ms for a late AAAA, so that a busy host does not make it late.
EXEMPLARY = ScriptedApplication("exemplary-client", Habits(resolution_delay=0.02))

PATIENT = ScriptedApplication("client-that-waits-five-seconds", Habits(attempt_delay=5.0))
#: Whatever answer comes first, and however slow the machine: it needs both, and does not hurry to the other family.
OLD_FASHIONED = ScriptedApplication("client-that-tries-ipv4-first",
                                    Habits(first=4, waits_for_both=True, attempt_delay=5.0))
STUBBORN = ScriptedApplication("client-that-never-falls-back", Habits(falls_back=False))
THOROUGH = ScriptedApplication("client-that-waits-for-both-answers", Habits(waits_for_both=True))
HESITANT = ScriptedApplication("client-with-a-resolution-delay-of-0.8-s", Habits(resolution_delay=0.8))
#: It waits long for a refused attempt, so that no stall of a busy host could be the reason.
DEAF = ScriptedApplication("client-that-ignores-refusals", Habits(heeds_refusals=False, attempt_delay=1.5))
ZONELESS = ScriptedApplication("client-that-strips-the-zone-id", Habits(zone=""))
ONE_LINK = ScriptedApplication("client-that-knows-one-link", Habits(zone="eth0"))
