"""One controller of a pair that share switches, as an OpenFlow application of os-ken.

The first of the two, without $PRIMARY, becomes the master of every switch. The second
has in $PRIMARY the port where the first listens: it stays a slave until the first is
gone, and then becomes the master. The master has frames sent here and floods them; a
slave only proves that it may not change anything.

$OPENFLOW is the version that it speaks: 1.0, 1.3, 1.4 or 1.5. In 1.0 roles are those
of Nicira's extension, which has no generations.
"""

import os
import socket
import time

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, DEAD_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib import hub

VERSION = {'1.0': 1, '1.3': 4, '1.4': 5, '1.5': 6}[os.environ.get('OPENFLOW', '1.3')]
PRIMARY = os.environ.get('PRIMARY')
GENERATIONS = 1 << 64


class Standby(app_manager.OSKenApp):
    OFP_VERSIONS = [VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.switches = {}
        self.leads = not PRIMARY
        if PRIMARY:
            hub.spawn(self.watch)

    def watch(self):
        """Waits for the end of the other controller, and then takes over."""
        with socket.create_connection(('127.0.0.1', int(PRIMARY))) as primary:
            while primary.recv(4096):
                pass
        self.leads = True
        for datapath in list(self.switches.values()):
            self.seek_role(datapath)

    @set_ev_cls(ofp_event.EventOFPStateChange, [MAIN_DISPATCHER, DEAD_DISPATCHER])
    def meet(self, event):
        datapath = event.datapath
        if event.state == DEAD_DISPATCHER:
            self.switches.pop(datapath.id, None)
            return
        self.switches[datapath.id] = datapath
        # Generation 0 is what a controller asks for that knows of no other.
        self.seek_role(datapath, 0)

    def seek_role(self, datapath, generation=None):
        """Asks for the role that is ours; without a generation, what the last one was."""
        parser, ofproto = datapath.ofproto_parser, datapath.ofproto
        if VERSION == 1:
            role = ofproto.NX_ROLE_MASTER if self.leads else ofproto.NX_ROLE_SLAVE
            datapath.send_msg(parser.NXTRoleRequest(datapath, role))
        elif generation is None:
            datapath.send_msg(parser.OFPRoleRequest(datapath, role=ofproto.OFPCR_ROLE_NOCHANGE, generation_id=0))
        else:
            role = ofproto.OFPCR_ROLE_MASTER if self.leads else ofproto.OFPCR_ROLE_SLAVE
            datapath.send_msg(parser.OFPRoleRequest(datapath, role=role, generation_id=generation))

    @set_ev_cls(ofp_event.EventOFPRoleReply, MAIN_DISPATCHER)
    def play(self, event):
        """A switch says which role is ours."""
        message = event.msg
        datapath = message.datapath
        ofproto = datapath.ofproto
        role = {ofproto.OFPCR_ROLE_EQUAL: 'equal', ofproto.OFPCR_ROLE_MASTER: 'master', ofproto.OFPCR_ROLE_SLAVE: 'slave'}[message.role]
        self.logger.info('ROLE %s generation %d', role, message.generation_id)
        if role == ('master' if self.leads else 'slave'):
            self.install(datapath)
        else:
            self.seek_role(datapath, (message.generation_id + self.leads) % GENERATIONS)

    @set_ev_cls(ofp_event.EventOFPVendor, MAIN_DISPATCHER)
    def play_nicira(self, event):
        """The same in 1.0, where os-ken has the reply in a vendor's message."""
        datapath, reply = event.msg.datapath, event.msg.data
        ofproto = datapath.ofproto
        role = {ofproto.NX_ROLE_OTHER: 'equal', ofproto.NX_ROLE_MASTER: 'master', ofproto.NX_ROLE_SLAVE: 'slave'}[reply.role]
        self.logger.info('ROLE %s', role)
        # Of a slave that would be refused, and os-ken cannot receive an error of 1.0.
        if self.leads:
            self.install(datapath)

    @set_ev_cls(ofp_event.EventOFPRoleStatus, MAIN_DISPATCHER)
    def yield_role(self, event):
        """The switch has given our role to another controller."""
        message = event.msg
        self.leads = False
        self.logger.info('LOST role=%d reason=%d generation %d', message.role, message.reason, message.generation_id)

    @set_ev_cls(ofp_event.EventOFPErrorMsg, [CONFIG_DISPATCHER, MAIN_DISPATCHER])
    def complain(self, event):
        message = event.msg
        datapath = message.datapath
        ofproto = datapath.ofproto
        self.logger.info('REFUSED type=%d code=%d', message.type, message.code)
        if VERSION > 1 and message.type == ofproto.OFPET_ROLE_REQUEST_FAILED and message.code == ofproto.OFPRRFC_STALE:
            self.seek_role(datapath)

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def flood(self, event):
        message = event.msg
        datapath = message.datapath
        parser, ofproto = datapath.ofproto_parser, datapath.ofproto
        in_port = message.in_port if VERSION == 1 else message.match['in_port']
        self.logger.info('PACKET from port %d', in_port)
        where = {'match': parser.OFPMatch(in_port=in_port)} if VERSION == 6 else {'in_port': in_port}
        datapath.send_msg(parser.OFPPacketOut(datapath=datapath, buffer_id=ofproto.OFP_NO_BUFFER, data=message.data,
                                              actions=[parser.OFPActionOutput(ofproto.OFPP_FLOOD)], **where))

    @staticmethod
    def install(datapath):
        """Has the switch send every frame here."""
        parser, ofproto = datapath.ofproto_parser, datapath.ofproto
        if VERSION == 1:
            actions = [parser.OFPActionOutput(ofproto.OFPP_CONTROLLER, 0xffff)]
            datapath.send_msg(parser.OFPFlowMod(datapath=datapath, match=parser.OFPMatch(), cookie=1, command=ofproto.OFPFC_ADD,
                                                priority=1, actions=actions))
            return
        actions = [parser.OFPActionOutput(ofproto.OFPP_CONTROLLER, ofproto.OFPCML_NO_BUFFER)]
        instructions = [parser.OFPInstructionActions(ofproto.OFPIT_APPLY_ACTIONS, actions)]
        datapath.send_msg(parser.OFPFlowMod(datapath=datapath, cookie=1, priority=1, match=parser.OFPMatch(), instructions=instructions))
