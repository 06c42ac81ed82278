"""Finds out which switches are joined where, as an OpenFlow application of os-ken.

os-ken itself does it, where it is started with --observe-links: it sends LLDP frames by
all ports and takes note of where they come in. This application says what it hears of.

$OPENFLOW is the version that it speaks: 1.0, 1.3 or 1.4.
"""

import os

from os_ken.base import app_manager
from os_ken.controller.handler import set_ev_cls
from os_ken.topology import event, switches

VERSION = {'1.0': 1, '1.3': 4, '1.4': 5}[os.environ.get('OPENFLOW', '1.3')]


class Topology(app_manager.OSKenApp):
    OFP_VERSIONS = [VERSION]
    _CONTEXTS = {'switches': switches.Switches}

    @set_ev_cls(event.EventLinkAdd)
    def joined(self, found):
        self.tell('JOINED', found.link)

    @set_ev_cls(event.EventLinkDelete)
    def parted(self, found):
        self.tell('PARTED', found.link)

    def tell(self, what, link):
        self.logger.info('%s %d.%d -> %d.%d', what, link.src.dpid, link.src.port_no, link.dst.dpid, link.dst.port_no)
