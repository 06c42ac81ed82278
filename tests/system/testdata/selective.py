"""A controller that hears only of what it has asked for, as an OpenFlow application of os-ken.

It asks for packets whose time to live has ended, for flows that were deleted and for
ports whose settings change, from 1.4 on for changes of groups by other controllers and
for tables that fill too, and logs all that it is told. It asks the switch what it
will be told, where the version has such a question.

$OPENFLOW is the version that it speaks: 1.0, 1.3, 1.4 or 1.5. In 1.0 it asks in the
messages of Nicira's extension.
"""

import os

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls

VERSION = {'1.0': 1, '1.3': 4, '1.4': 5, '1.5': 6}[os.environ.get('OPENFLOW', '1.3')]


class Selective(app_manager.OSKenApp):
    OFP_VERSIONS = [VERSION]

    @set_ev_cls(ofp_event.EventOFPStateChange, MAIN_DISPATCHER)
    def select(self, event):
        datapath = event.datapath
        parser, ofproto = datapath.ofproto_parser, datapath.ofproto
        if VERSION == 1:
            # Masks come in pairs: as a master or an equal, and as a slave.
            invalid_ttl = 2  # OFPR_INVALID_TTL, which 1.1 has brought
            datapath.send_msg(parser.NXTSetAsyncConfig(datapath, (1 << invalid_ttl, 0), (1 << ofproto.OFPPR_MODIFY, 0), (1 << ofproto.OFPRR_DELETE, 0)))
        elif VERSION == 4:
            datapath.send_msg(parser.OFPSetAsync(datapath, (1 << ofproto.OFPR_INVALID_TTL, 0), (1 << ofproto.OFPPR_MODIFY, 0), (1 << ofproto.OFPRR_DELETE, 0)))
        else:
            datapath.send_msg(parser.OFPSetAsync(datapath, [
                parser.OFPAsyncConfigPropReasons(kind, 8, mask) for kind, mask in (
                    (ofproto.OFPACPT_PACKET_IN_MASTER, 1 << ofproto.OFPR_INVALID_TTL),
                    (ofproto.OFPACPT_PORT_STATUS_MASTER, 1 << ofproto.OFPPR_MODIFY),
                    (ofproto.OFPACPT_FLOW_REMOVED_MASTER, 1 << ofproto.OFPRR_DELETE),
                    (ofproto.OFPACPT_TABLE_STATUS_MASTER, 1 << ofproto.OFPTR_VACANCY_DOWN),
                    (ofproto.OFPACPT_REQUESTFORWARD_MASTER, 1 << ofproto.OFPRFR_GROUP_MOD))]))
        if VERSION == 1:
            self.logger.info('ASKED')
        else:
            datapath.send_msg(parser.OFPGetAsyncRequest(datapath))

    @set_ev_cls(ofp_event.EventOFPGetAsyncReply, MAIN_DISPATCHER)
    def hear(self, event):
        message = event.msg
        if VERSION == 4:
            self.logger.info('MASKS packets %s ports %s flows %s', message.packet_in_mask, message.port_status_mask, message.flow_removed_mask)
        else:
            # os-ken does not know the kinds that 1.5 has brought.
            self.logger.info('MASKS %s', sorted((p.type, p.mask) for p in message.properties if hasattr(p, 'mask')))
        self.logger.info('ASKED')

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet(self, event):
        self.logger.info('TOLD packet, reason %d', event.msg.reason)

    @set_ev_cls(ofp_event.EventOFPPortStatus, MAIN_DISPATCHER)
    def port(self, event):
        self.logger.info('TOLD port %s, reason %d', event.msg.desc.name.decode(), event.msg.reason)

    @set_ev_cls(ofp_event.EventOFPFlowRemoved, MAIN_DISPATCHER)
    def flow(self, event):
        self.logger.info('TOLD flow %d, reason %d', event.msg.cookie, event.msg.reason)

    @set_ev_cls(ofp_event.EventOFPTableStatus, MAIN_DISPATCHER)
    def table(self, event):
        self.logger.info('TOLD table %d, reason %d', event.msg.table.table_id, event.msg.reason)

    @set_ev_cls(ofp_event.EventOFPRequestForward, MAIN_DISPATCHER)
    def request(self, event):
        request = event.msg.request
        self.logger.info('TOLD %s, command %d, group %d', type(request).__name__, request.command, request.group_id)

    @set_ev_cls(ofp_event.EventOFPErrorMsg, [CONFIG_DISPATCHER, MAIN_DISPATCHER])
    def complain(self, event):
        self.logger.info('REFUSED type=%d code=%d', event.msg.type, event.msg.code)
