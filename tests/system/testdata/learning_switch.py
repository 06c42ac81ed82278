"""A learning switch as an OpenFlow application of os-ken.

It learns from packet-ins which address is behind which port, floods what goes to
an address that it does not know, and has the switch forward what goes to one that
it knows, so that the rest of the conversation does not come here any more.

$OPENFLOW is the version that it speaks: 1.0, 1.3, 1.4 or 1.5. From 1.3 on it
forwards through a group for each port, select for odd ports and fast failover for
even ones, and a meter.
"""

import os

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib.packet import ethernet, ether_types, packet

VERSION = {'1.0': 1, '1.3': 4, '1.4': 5, '1.5': 6}[os.environ.get('OPENFLOW', '1.3')]
METER = 1


class LearningSwitch(app_manager.OSKenApp):
    OFP_VERSIONS = [VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ports = {}  # (datapath id, address): port
        self.groups = set()  # (datapath id, port)

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def greet(self, event):
        """A switch has come: have it send here what no other flow matches."""
        datapath = event.msg.datapath
        parser, ofproto = datapath.ofproto_parser, datapath.ofproto
        if VERSION == 1:
            to_us = parser.OFPActionOutput(ofproto.OFPP_CONTROLLER, 0xffff)
        else:
            to_us = parser.OFPActionOutput(ofproto.OFPP_CONTROLLER, ofproto.OFPCML_NO_BUFFER)
            band = parser.OFPMeterBandDrop(rate=1000000, burst_size=1000000)
            datapath.send_msg(parser.OFPMeterMod(datapath, ofproto.OFPMC_ADD, ofproto.OFPMF_PKTPS | ofproto.OFPMF_BURST, METER, [band]))
        self.install(datapath, 0, parser.OFPMatch(), [to_us])

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def forward(self, event):
        message = event.msg
        datapath = message.datapath
        parser, ofproto = datapath.ofproto_parser, datapath.ofproto
        in_port = message.in_port if VERSION == 1 else message.match['in_port']
        frame = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        if frame.ethertype == ether_types.ETH_TYPE_LLDP:
            return
        self.ports[datapath.id, frame.src] = in_port
        out_port = self.ports.get((datapath.id, frame.dst), ofproto.OFPP_FLOOD)
        actions = [parser.OFPActionOutput(out_port)]
        if out_port != ofproto.OFPP_FLOOD:
            if VERSION == 1:
                match = parser.OFPMatch(in_port=in_port, dl_src=frame.src, dl_dst=frame.dst)
            else:
                match = parser.OFPMatch(in_port=in_port, eth_src=frame.src, eth_dst=frame.dst)
                self.make_group(datapath, out_port)
                actions = [parser.OFPActionGroup(out_port)]
            self.install(datapath, 1, match, actions)
        data = message.data if message.buffer_id == ofproto.OFP_NO_BUFFER else None
        self.send_out(datapath, message.buffer_id, in_port, actions, data)

    @staticmethod
    def send_out(datapath, buffer_id, in_port, actions, data):
        parser = datapath.ofproto_parser
        if VERSION == 6:
            where = {'match': parser.OFPMatch(in_port=in_port)}
        else:
            where = {'in_port': in_port}
        datapath.send_msg(parser.OFPPacketOut(datapath=datapath, buffer_id=buffer_id, actions=actions, data=data, **where))

    def make_group(self, datapath, port):
        """Has a group with the number of the port lead to it."""
        if (datapath.id, port) in self.groups:
            return
        self.groups.add((datapath.id, port))
        parser, ofproto = datapath.ofproto_parser, datapath.ofproto
        output = [parser.OFPActionOutput(port)]
        if VERSION == 6:
            if port % 2:
                kind, properties = ofproto.OFPGT_SELECT, [parser.OFPGroupBucketPropWeight(type_=ofproto.OFPGBPT_WEIGHT, weight=10)]
            else:
                kind, properties = ofproto.OFPGT_FF, [parser.OFPGroupBucketPropWatch(type_=ofproto.OFPGBPT_WATCH_PORT, watch=port)]
            bucket = parser.OFPBucket(bucket_id=0, actions=output, properties=properties)
            extra = {'command_bucket_id': ofproto.OFPG_BUCKET_ALL}
        else:
            extra = {}
            if port % 2:
                kind, bucket = ofproto.OFPGT_SELECT, parser.OFPBucket(10, ofproto.OFPP_ANY, ofproto.OFPG_ANY, output)
            else:
                kind, bucket = ofproto.OFPGT_FF, parser.OFPBucket(0, port, ofproto.OFPG_ANY, output)
        datapath.send_msg(parser.OFPGroupMod(datapath, ofproto.OFPGC_ADD, kind, port, buckets=[bucket], **extra))

    @staticmethod
    def install(datapath, priority, match, actions):
        parser, ofproto = datapath.ofproto_parser, datapath.ofproto
        if VERSION == 1:
            datapath.send_msg(parser.OFPFlowMod(datapath=datapath, priority=priority, match=match, cookie=0, command=ofproto.OFPFC_ADD, actions=actions))
            return
        instructions = []
        if priority > 0 and VERSION == 6:
            actions = [parser.OFPActionMeter(METER)] + actions
        elif priority > 0:
            instructions = [parser.OFPInstructionMeter(METER)]
        instructions.append(parser.OFPInstructionActions(ofproto.OFPIT_APPLY_ACTIONS, actions))
        datapath.send_msg(parser.OFPFlowMod(datapath=datapath, priority=priority, match=match, instructions=instructions))

    @set_ev_cls(ofp_event.EventOFPErrorMsg, [CONFIG_DISPATCHER, MAIN_DISPATCHER])
    def complain(self, event):
        """The switch has refused something: the test looks for this word."""
        self.logger.error('REFUSED type=%d code=%s', event.msg.type, event.msg.code)
