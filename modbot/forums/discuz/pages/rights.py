"""What an account may do, as the pages that it is shown tell: buttons and menus."""

from __future__ import annotations

from modbot.forums.discuz.pages import documents, nodes
from modbot.forums.protocol import Capability

_BUTTONS = (
    ("modthreads(3, 'delete')", Capability.RECYCLE_THREAD),
    ("modthreads(2, 'move')", Capability.MOVE_THREAD),
)


def thread_rights(html: str) -> frozenset[Capability]:
    """From the moderators' buttons of a thread's page. Who may delete threads may delete
    replies: the forum has one right for both."""
    offered = {nodes.attribute(link, "onclick") for link in documents.parse(html).css("#modmenu a[onclick]")}
    found = {right for call, right in _BUTTONS if call in offered}
    return frozenset(found | ({Capability.DELETE} if Capability.RECYCLE_THREAD in found else set()))


def panel_rights(html: str) -> frozenset[Capability]:
    """From the panel's menu, which stands beside each of its pages."""
    links = documents.parse(html).css('.appl a[href*="mod=modcp"], .mdcp a[href*="mod=modcp"]')
    menu = " ".join(nodes.attribute(link, "href") for link in links)
    found = {Capability.UNDELETE, Capability.RESTORE_THREAD} if "action=thread" in menu else set()
    if "action=moderate&op=threads" in menu:
        found.add(Capability.APPROVE)
    if "action=member&op=ban" in menu:
        found.add(Capability.MUTE)
    return frozenset(found)
