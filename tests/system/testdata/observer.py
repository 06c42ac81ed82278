"""A controller that watches what others do to flows, as an OpenFlow application of os-ken.

It monitors table 1: what is there, and what is added, modified and removed from then
on, its own changes too, those in short. It adds one flow itself to each switch.

$OPENFLOW is the version that it speaks: 1.3 by the ONF's extension, of which os-ken
has only the request, 1.4 or 1.5.
"""

import os
import struct

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls

VERSION = {'1.3': 4, '1.4': 5, '1.5': 6}[os.environ.get('OPENFLOW', '1.4')]
TABLE = 1
OWN_COOKIE = 77


class Observer(app_manager.OSKenApp):
    OFP_VERSIONS = [VERSION]

    @staticmethod
    def mend(parser, ofproto):
        """Has os-ken read all updates: it has one class for four events, and then wants the first of them."""
        for update in (ofproto.OFPFME_ADDED, ofproto.OFPFME_REMOVED, ofproto.OFPFME_MODIFIED):
            mended = type('OFPFlowUpdateFull', (parser.OFPFlowUpdateFull,), {'cls_flow_update_event': update})
            parser.OFPFlowUpdateHeader._EVENT[update] = mended

    @set_ev_cls(ofp_event.EventOFPStateChange, MAIN_DISPATCHER)
    def watch(self, event):
        datapath = event.datapath
        parser, ofproto = datapath.ofproto_parser, datapath.ofproto
        if VERSION == 4:
            flags = ofproto.ONFFMF_INITIAL | ofproto.ONFFMF_ADD | ofproto.ONFFMF_DELETE | ofproto.ONFFMF_MODIFY | ofproto.ONFFMF_ACTIONS
            request = parser.ONFFlowMonitorRequest(id_=1, flags=flags, table_id=TABLE)
            request = parser.ONFFlowMonitorStatsRequest(datapath, 0, [request])
        else:
            self.mend(parser, ofproto)
            flags = ofproto.OFPFMF_INITIAL | ofproto.OFPFMF_ADD | ofproto.OFPFMF_REMOVED | ofproto.OFPFMF_MODIFY | ofproto.OFPFMF_INSTRUCTIONS
            request = parser.OFPFlowMonitorRequest(datapath, monitor_id=1, out_port=ofproto.OFPP_ANY, out_group=ofproto.OFPG_ANY,
                                                   monitor_flags=flags, table_id=TABLE, command=ofproto.OFPFMC_ADD, match=parser.OFPMatch())
        datapath.send_msg(request)
        datapath.send_msg(parser.OFPFlowMod(datapath=datapath, table_id=TABLE, cookie=OWN_COOKIE, priority=7, match=parser.OFPMatch(in_port=7)))

    @set_ev_cls(ofp_event.EventOFPFlowMonitorReply, MAIN_DISPATCHER)
    def notice(self, event):
        ofproto = event.msg.datapath.ofproto
        names = {getattr(ofproto, name): name[len('OFPFME_'):] for name in dir(ofproto) if name.startswith('OFPFME_')}
        for update in event.msg.body:
            if update.event == ofproto.OFPFME_ABBREV:
                self.logger.info('SEEN ABBREV')
            else:
                self.logger.info('SEEN %s cookie %d priority %d table %d instructions %d match %s', names[update.event], update.cookie,
                                 update.priority, update.table_id, len(update.instructions), dict(update.match.items()))

    @set_ev_cls(ofp_event.EventOFPExperimenterStatsReply, MAIN_DISPATCHER)
    def decode(self, event):
        """Reads updates of the ONF's extension (EXT-187)."""
        ofproto = event.msg.datapath.ofproto
        data = bytes(event.msg.body.data)
        while data:
            size, kind = struct.unpack_from(ofproto.ONF_FLOW_UPDATE_HEADER_PACK_STR, data)
            if kind == ofproto.ONFFME_ABBREV:
                self.logger.info('SEEN ABBREV')
            else:
                name = {ofproto.ONFFME_ADDED: 'ADDED', ofproto.ONFFME_DELETED: 'REMOVED', ofproto.ONFFME_MODIFIED: 'MODIFIED'}[kind]
                _, priority, _, _, _, table, cookie = struct.unpack_from(
                    ofproto.ONF_FLOW_UPDATE_FULL_PACK_STR, data, ofproto.ONF_FLOW_UPDATE_HEADER_SIZE)
                self.logger.info('SEEN %s cookie %d priority %d table %d', name, cookie, priority, table)
            data = data[size:]

    @set_ev_cls(ofp_event.EventOFPErrorMsg, [CONFIG_DISPATCHER, MAIN_DISPATCHER])
    def complain(self, event):
        self.logger.info('REFUSED type=%d code=%d', event.msg.type, event.msg.code)
