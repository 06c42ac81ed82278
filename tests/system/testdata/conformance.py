"""Cases from the OpenFlow specifications, run against a switch with three ports.

usage: conformance.py SOCKET VERSION…

SOCKET is the bridge's OpenFlow socket; ports 1 to 3 are the devices p1 to p3 here.
Each case installs flows, sends a frame into p1 and wants frames out of p2, to the
byte, and the counters of the flows. A frame that nobody drops, sent after each,
marks the end of what comes. The last line says how many cases passed.
"""

import socket
import struct
import sys

from os_ken.lib.packet import arp, ethernet, icmp, icmpv6, ipv4, ipv6, mpls, packet, sctp, tcp, udp, vlan
from os_ken.ofproto import ofproto_parser, ofproto_protocol
from os_ken.ofproto import ofproto_v1_0_parser, ofproto_v1_3_parser, ofproto_v1_4_parser, ofproto_v1_5_parser  # noqa: F401, registers them

VERSIONS = {'1.0': 1, '1.3': 4, '1.4': 5, '1.5': 6}
MARK = bytes.fromhex('020000000002020000000001') + b'\x88\xb5' + bytes(46)


class Switch:
    """An OpenFlow connection."""

    def __init__(self, path, version):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.settimeout(5)
        self.datapath = ofproto_protocol.ProtocolDesc(version=version)
        self.datapath.id = 0
        self.ofproto, self.parser = self.datapath.ofproto, self.datapath.ofproto_parser
        self.xid, self.stream = 100, b''
        self.socket.sendall(struct.pack('!BBHI', version, 0, 8, 1))

    def read(self):
        while len(self.stream) < 8 or len(self.stream) < struct.unpack('!H', self.stream[2:4])[0]:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError('the switch hangs up')
            self.stream += data
        size = struct.unpack('!H', self.stream[2:4])[0]
        data, self.stream = self.stream[:size], self.stream[size:]
        version, kind, size, xid = struct.unpack('!BBHI', data[:8])
        return kind, xid, data, version

    def tell(self, *messages):
        """Sends messages and a barrier; returns what the switch says up to its reply."""
        for message in list(messages) + [self.parser.OFPBarrierRequest(self.datapath)]:
            self.xid += 1
            message.set_xid(self.xid)
            message.serialize()
            self.socket.sendall(bytes(message.buf))
        answers = []
        while True:
            kind, xid, data, version = self.read()
            if xid == self.xid:
                return answers
            if kind != 0:
                answers.append(ofproto_parser.msg(self.datapath, version, kind, len(data), xid, data))

    def flow(self, match=None, actions=(), instructions=None, **fields):
        p, o = self.parser, self.ofproto
        match = p.OFPMatch(**(match or {}))
        if self.datapath.ofproto.OFP_VERSION == 1:
            return p.OFPFlowMod(self.datapath, match=match, cookie=7, command=fields.pop('command', o.OFPFC_ADD), actions=list(actions), **fields)
        if instructions is None:
            instructions = [p.OFPInstructionActions(o.OFPIT_APPLY_ACTIONS, list(actions))]
        return p.OFPFlowMod(self.datapath, match=match, cookie=7, instructions=instructions, **fields)

    def group(self, number, kind, buckets, command=None):
        p, o = self.parser, self.ofproto
        extra = {'command_bucket_id': o.OFPG_BUCKET_ALL} if o.OFP_VERSION >= 6 else {}
        made = []
        for i, actions in enumerate(buckets):
            if o.OFP_VERSION >= 6:
                made.append(p.OFPBucket(bucket_id=i, actions=actions))
            else:
                made.append(p.OFPBucket(watch_port=o.OFPP_ANY, watch_group=o.OFPG_ANY, actions=actions))
        return p.OFPGroupMod(self.datapath, o.OFPGC_ADD if command is None else command, kind, number, buckets=made, **extra)

    def clear(self):
        p, o = self.parser, self.ofproto
        if o.OFP_VERSION == 1:
            self.tell(self.flow(command=o.OFPFC_DELETE, out_port=o.OFPP_NONE))
        else:
            self.tell(p.OFPFlowMod(self.datapath, command=o.OFPFC_DELETE, table_id=o.OFPTT_ALL, out_port=o.OFPP_ANY, out_group=o.OFPG_ANY),
                      self.group(o.OFPG_ALL, o.OFPGT_ALL, [], o.OFPGC_DELETE))
        mark = {'dl_type': 0x88b5} if o.OFP_VERSION == 1 else {'eth_type': 0x88b5}
        self.tell(self.flow(mark, [p.OFPActionOutput(2)], priority=0xffff))

    def count(self):
        """The packets and bytes of the flow with priority 100."""
        p, o = self.parser, self.ofproto
        if o.OFP_VERSION == 1:
            request = p.OFPFlowStatsRequest(self.datapath, 0, p.OFPMatch(), 0xff, o.OFPP_NONE)
        else:
            request = p.OFPFlowStatsRequest(self.datapath)
        for answer in self.tell(request):
            for s in answer.body:
                if s.priority == 100:
                    if hasattr(s, 'packet_count'):
                        return s.packet_count, s.byte_count
                    return s.stats['packet_count'], s.stats['byte_count']
        return None


class Port:
    """A device as a raw socket, tags in their place."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(263, 8, 1)  # SOL_PACKET, PACKET_AUXDATA
        self.socket.bind((name, 3))
        self.socket.settimeout(5)

    def read(self):
        while True:
            data, extra, _, address = self.socket.recvmsg(65536, 256)
            if address[2] == 4:  # PACKET_OUTGOING: ours
                continue
            for level, kind, aux in extra:
                if level == 263 and kind == 8:
                    status, _, _, _, _, tci, tpid = struct.unpack('IIIHHHH', aux[:20])
                    if status & 0x10:
                        data = data[:12] + struct.pack('!HH', tpid if status & 0x40 else 0x8100, tci) + data[12:]
            return data


def frames(send, ports):
    """Sends a frame and the mark; returns what came out of p2 before the mark."""
    for data in (send, MARK):
        ports[0].socket.send(data)
    got = []
    while True:
        data = ports[1].read()
        if data == MARK:
            return got
        got.append(data)


def eth(kind, **fields):
    return ethernet.ethernet(dst='02:00:00:00:00:02', src='02:00:00:00:00:01', **{'ethertype': kind, **fields})


def frame(*layers):
    p = packet.Packet()
    for layer in layers:
        p.add_protocol(layer)
    p.serialize()
    return bytes(p.data).ljust(60, b'\0')


def ip4(proto, **fields):
    return ipv4.ipv4(**{'src': '10.0.0.1', 'dst': '10.0.0.2', 'ttl': 64, 'proto': proto, 'tos': 0x29, **fields})


def ip6(nxt, **fields):
    return ipv6.ipv6(**{'src': 'fd00::1', 'dst': 'fd00::2', 'hop_limit': 64, 'nxt': nxt, 'flow_label': 5, 'traffic_class': 0x29, **fields})


DATA = b'conformance of the switch'
PACKETS = {
    'tcp': lambda a=1000, b=80, **f: frame(eth(0x0800), ip4(6, **f), tcp.tcp(src_port=a, dst_port=b), DATA),
    'udp': lambda a=1000, b=53, **f: frame(eth(0x0800), ip4(17, **f), udp.udp(src_port=a, dst_port=b), DATA),
    'sctp': lambda a=1000, b=36, **f: frame(eth(0x0800), ip4(132, **f), sctp.sctp(src_port=a, dst_port=b)),
    'icmp': lambda a=8, b=0: frame(eth(0x0800), ip4(1), icmp.icmp(type_=a, code=b, data=icmp.echo(1, 1, DATA))),
    'tcp6': lambda a=1000, b=80, **f: frame(eth(0x86dd), ip6(6, **f), tcp.tcp(src_port=a, dst_port=b), DATA),
    'udp6': lambda a=1000, b=53, **f: frame(eth(0x86dd), ip6(17, **f), udp.udp(src_port=a, dst_port=b), DATA),
    'icmp6': lambda a=128, b=0: frame(eth(0x86dd), ip6(58), icmpv6.icmpv6(type_=a, code=b, data=icmpv6.echo(1, 1, DATA))),
    'nd': lambda t='fd00::9', m='02:00:00:00:00:09': frame(eth(0x86dd), ip6(58), icmpv6.icmpv6(
        type_=135, data=icmpv6.nd_neighbor(dst=t, option=icmpv6.nd_option_sla(hw_src=m)))),
    'arp': lambda **f: frame(eth(0x0806), arp.arp(**{'opcode': 1, 'src_mac': '02:00:00:00:00:01', 'src_ip': '10.0.0.1',
                                                     'dst_mac': '02:00:00:00:00:03', 'dst_ip': '10.0.0.2', **f})),
    'vlan': lambda vid=5, pcp=3: frame(eth(0x8100), vlan.vlan(vid=vid, pcp=pcp, ethertype=0x0800), ip4(17), udp.udp(1000, 53), DATA),
    'mpls': lambda label=9, exp=2, ttl=64, bsb=1: frame(eth(0x8847), mpls.mpls(label=label, exp=exp, bsb=bsb, ttl=ttl), ip4(17), udp.udp(1000, 53), DATA),
}
V6MASK = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0'
IP, IP6 = {'eth_type': 0x0800}, {'eth_type': 0x86dd}
# name, match, packet that it matches, packet that it does not
MATCHES = [
    ('in_port', {'in_port': 1}, PACKETS['udp'](), None),
    ('in_port of another', {'in_port': 2}, None, PACKETS['udp']()),
    ('eth_dst', {'eth_dst': '02:00:00:00:00:02'}, PACKETS['udp'](), None),
    ('eth_dst masked', {'eth_dst': ('02:00:00:00:00:00', 'ff:00:00:00:00:f0')}, PACKETS['udp'](), None),
    ('eth_dst of another', {'eth_dst': '02:00:00:00:00:03'}, None, PACKETS['udp']()),
    ('eth_src', {'eth_src': '02:00:00:00:00:01'}, PACKETS['udp'](), None),
    ('eth_src masked', {'eth_src': ('02:00:00:00:00:01', '00:00:00:00:00:0f')}, PACKETS['udp'](), None),
    ('eth_type', {'eth_type': 0x0806}, PACKETS['arp'](), PACKETS['udp']()),
    ('vlan_vid', {'vlan_vid': 0x1005}, PACKETS['vlan'](), PACKETS['vlan'](6)),
    ('vlan_vid masked', {'vlan_vid': (0x1004, 0x1004)}, PACKETS['vlan'](), PACKETS['vlan'](8)),
    ('vlan_vid any', {'vlan_vid': (0x1000, 0x1000)}, PACKETS['vlan'](), PACKETS['udp']()),
    ('vlan_vid none', {'vlan_vid': 0}, PACKETS['udp'](), PACKETS['vlan']()),
    ('vlan_pcp', {'vlan_vid': (0x1000, 0x1000), 'vlan_pcp': 3}, PACKETS['vlan'](), PACKETS['vlan'](5, 4)),
    ('eth_type behind a tag', {'eth_type': 0x0800}, PACKETS['vlan'](), PACKETS['arp']()),
    ('ip_dscp', {**IP, 'ip_dscp': 10}, PACKETS['udp'](), PACKETS['udp'](tos=0)),
    ('ip_ecn', {**IP, 'ip_ecn': 1}, PACKETS['udp'](), PACKETS['udp'](tos=0x28)),
    ('ip_dscp of IPv6', {**IP6, 'ip_dscp': 10}, PACKETS['udp6'](), PACKETS['udp6'](traffic_class=0)),
    ('ip_proto', {**IP, 'ip_proto': 17}, PACKETS['udp'](), PACKETS['tcp']()),
    ('ip_proto of IPv6', {**IP6, 'ip_proto': 17}, PACKETS['udp6'](), PACKETS['tcp6']()),
    ('ipv4_src', {**IP, 'ipv4_src': '10.0.0.1'}, PACKETS['udp'](), PACKETS['udp'](src='10.0.0.9')),
    ('ipv4_src masked', {**IP, 'ipv4_src': ('10.0.0.0', '255.0.0.254')}, PACKETS['udp'](), PACKETS['udp'](src='10.0.0.2')),
    ('ipv4_dst', {**IP, 'ipv4_dst': '10.0.0.2'}, PACKETS['udp'](), PACKETS['udp'](dst='10.0.0.9')),
    ('ipv4_dst masked', {**IP, 'ipv4_dst': ('0.0.0.2', '0.0.0.2')}, PACKETS['udp'](), PACKETS['udp'](dst='10.0.0.1')),
    ('tcp_src', {**IP, 'ip_proto': 6, 'tcp_src': 1000}, PACKETS['tcp'](), PACKETS['tcp'](1)),
    ('tcp_dst', {**IP, 'ip_proto': 6, 'tcp_dst': 80}, PACKETS['tcp'](), PACKETS['tcp'](1000, 81)),
    ('udp_src', {**IP, 'ip_proto': 17, 'udp_src': 1000}, PACKETS['udp'](), PACKETS['udp'](1)),
    ('udp_dst', {**IP, 'ip_proto': 17, 'udp_dst': 53}, PACKETS['udp'](), PACKETS['tcp'](1000, 53)),
    ('sctp_src', {**IP, 'ip_proto': 132, 'sctp_src': 1000}, PACKETS['sctp'](), PACKETS['sctp'](1)),
    ('sctp_dst', {**IP, 'ip_proto': 132, 'sctp_dst': 36}, PACKETS['sctp'](), PACKETS['sctp'](1000, 37)),
    ('tcp_dst of IPv6', {**IP6, 'ip_proto': 6, 'tcp_dst': 80}, PACKETS['tcp6'](), PACKETS['tcp']()),
    ('icmpv4_type', {**IP, 'ip_proto': 1, 'icmpv4_type': 8}, PACKETS['icmp'](), PACKETS['icmp'](0)),
    ('icmpv4_code', {**IP, 'ip_proto': 1, 'icmpv4_code': 0}, PACKETS['icmp'](), PACKETS['icmp'](8, 1)),
    ('arp_op', {'eth_type': 0x0806, 'arp_op': 1}, PACKETS['arp'](), PACKETS['arp'](opcode=2)),
    ('arp_spa', {'eth_type': 0x0806, 'arp_spa': '10.0.0.1'}, PACKETS['arp'](), PACKETS['arp'](src_ip='10.0.0.9')),
    ('arp_tpa masked', {'eth_type': 0x0806, 'arp_tpa': ('10.0.0.0', '255.255.255.0')}, PACKETS['arp'](), PACKETS['arp'](dst_ip='10.0.1.2')),
    ('arp_sha', {'eth_type': 0x0806, 'arp_sha': '02:00:00:00:00:01'}, PACKETS['arp'](), PACKETS['arp'](src_mac='02:00:00:00:00:07')),
    ('arp_tha', {'eth_type': 0x0806, 'arp_tha': '02:00:00:00:00:03'}, PACKETS['arp'](), PACKETS['arp'](dst_mac='02:00:00:00:00:07')),
    ('ipv6_src', {**IP6, 'ipv6_src': 'fd00::1'}, PACKETS['udp6'](), PACKETS['udp6'](src='fd00::3')),
    ('ipv6_src masked', {**IP6, 'ipv6_src': ('fd00::', V6MASK)}, PACKETS['udp6'](), PACKETS['udp6'](src='fd00::13')),
    ('ipv6_dst', {**IP6, 'ipv6_dst': 'fd00::2'}, PACKETS['udp6'](), PACKETS['udp6'](dst='fd00::3')),
    ('ipv6_flabel', {**IP6, 'ipv6_flabel': 5}, PACKETS['udp6'](), PACKETS['udp6'](flow_label=6)),
    ('ipv6_flabel masked', {**IP6, 'ipv6_flabel': (4, 6)}, PACKETS['udp6'](), PACKETS['udp6'](flow_label=2)),
    ('icmpv6_type', {**IP6, 'ip_proto': 58, 'icmpv6_type': 128}, PACKETS['icmp6'](), PACKETS['icmp6'](129)),
    ('icmpv6_code', {**IP6, 'ip_proto': 58, 'icmpv6_code': 0}, PACKETS['icmp6'](), PACKETS['icmp6'](128, 1)),
    ('ipv6_nd_target', {**IP6, 'ip_proto': 58, 'icmpv6_type': 135, 'ipv6_nd_target': 'fd00::9'}, PACKETS['nd'](), PACKETS['nd']('fd00::8')),
    ('ipv6_nd_sll', {**IP6, 'ip_proto': 58, 'icmpv6_type': 135, 'ipv6_nd_sll': '02:00:00:00:00:09'}, PACKETS['nd'](),
     PACKETS['nd']('fd00::9', '02:00:00:00:00:08')),
    ('mpls_label', {'eth_type': 0x8847, 'mpls_label': 9}, PACKETS['mpls'](), PACKETS['mpls'](10)),
    ('mpls_tc', {'eth_type': 0x8847, 'mpls_tc': 2}, PACKETS['mpls'](), PACKETS['mpls'](9, 3)),
    ('mpls_bos', {'eth_type': 0x8847, 'mpls_bos': 1}, PACKETS['mpls'](), PACKETS['mpls'](9, 2, 64, 0)),
]
SET = [
    ('ipv4_src', {**IP, 'ip_proto': 17}, '10.9.9.9', PACKETS['udp'](), PACKETS['udp'](src='10.9.9.9')),
    ('ipv4_dst', {**IP, 'ip_proto': 6}, '10.9.9.9', PACKETS['tcp'](), PACKETS['tcp'](dst='10.9.9.9')),
    ('ip_dscp', IP, 1, PACKETS['udp'](), PACKETS['udp'](tos=5)),
    ('ip_ecn', IP, 2, PACKETS['udp'](), PACKETS['udp'](tos=0x2a)),
    ('tcp_src', {**IP, 'ip_proto': 6}, 7, PACKETS['tcp'](), PACKETS['tcp'](7)),
    ('tcp_dst', {**IP6, 'ip_proto': 6}, 7, PACKETS['tcp6'](), PACKETS['tcp6'](1000, 7)),
    ('udp_src', {**IP6, 'ip_proto': 17}, 7, PACKETS['udp6'](), PACKETS['udp6'](7)),
    ('udp_dst', {**IP, 'ip_proto': 17}, 7, PACKETS['udp'](), PACKETS['udp'](1000, 7)),
    ('icmpv4_type', {**IP, 'ip_proto': 1}, 0, PACKETS['icmp'](), PACKETS['icmp'](0)),
    ('icmpv4_code', {**IP, 'ip_proto': 1}, 7, PACKETS['icmp'](), PACKETS['icmp'](8, 7)),
    ('icmpv6_type', {**IP6, 'ip_proto': 58}, 129, PACKETS['icmp6'](), PACKETS['icmp6'](129)),
    ('ipv6_src', {**IP6, 'ip_proto': 58}, 'fd00::7', PACKETS['icmp6'](), None),
    ('ipv6_dst', {**IP6, 'ip_proto': 6}, 'fd00::7', PACKETS['tcp6'](), PACKETS['tcp6'](dst='fd00::7')),
    ('ipv6_flabel', IP6, 7, PACKETS['udp6'](), PACKETS['udp6'](flow_label=7)),
    ('arp_op', {'eth_type': 0x0806}, 2, PACKETS['arp'](), PACKETS['arp'](opcode=2)),
    ('arp_spa', {'eth_type': 0x0806}, '10.9.9.9', PACKETS['arp'](), PACKETS['arp'](src_ip='10.9.9.9')),
    ('arp_tha', {'eth_type': 0x0806}, '02:00:00:00:00:07', PACKETS['arp'](), PACKETS['arp'](dst_mac='02:00:00:00:00:07')),
    ('vlan_vid', {'vlan_vid': (0x1000, 0x1000)}, 0x1007, PACKETS['vlan'](), PACKETS['vlan'](7)),
    ('vlan_pcp', {'vlan_vid': (0x1000, 0x1000)}, 7, PACKETS['vlan'](), PACKETS['vlan'](5, 7)),
    ('mpls_label', {'eth_type': 0x8847}, 7, PACKETS['mpls'](), PACKETS['mpls'](7)),
    ('mpls_tc', {'eth_type': 0x8847}, 7, PACKETS['mpls'](), PACKETS['mpls'](9, 7)),
]


def cases_of_actions(s):
    """name, match, actions, packet, packets wanted (of OpenFlow 1.3 and later)."""
    p = s.parser
    out = p.OFPActionOutput(2)
    for field, match, value, before, after in SET:
        if after is not None:
            yield 'set_field ' + field, match, [p.OFPActionSetField(**{field: value}), out], before, [after]
    tagged = frame(eth(0x8100), vlan.vlan(vid=0, pcp=0, ethertype=0x0800), ip4(17), udp.udp(1000, 53), DATA)
    short, long = PACKETS['udp'](), PACKETS['vlan']()
    yield 'push_vlan', {}, [p.OFPActionPushVlan(0x8100), out], short, [tagged]
    yield 'push_vlan 802.1ad', {}, [p.OFPActionPushVlan(0x88a8), out], short, [tagged[:12] + b'\x88\xa8' + tagged[14:]]
    yield 'push_vlan copies the tag', {}, [p.OFPActionPushVlan(0x8100), out], long, [long[:16] + long[12:]]
    yield 'pop_vlan', {'vlan_vid': (0x1000, 0x1000)}, [p.OFPActionPopVlan(), out], long, [long[:12] + long[16:]]
    label = struct.pack('!I', 0x140)
    yield 'push_mpls', IP, [p.OFPActionPushMpls(0x8847), out], short, [short[:12] + b'\x88\x47' + label + short[14:]]
    stack = PACKETS['mpls']()
    yield 'push_mpls copies the label', {'eth_type': 0x8847}, [p.OFPActionPushMpls(0x8847), out], stack, [stack[:14] + stack[14:16] + bytes([stack[16] & 0xfe]) + stack[17:18] + stack[14:]]
    yield 'pop_mpls', {'eth_type': 0x8847, 'mpls_bos': 1}, [p.OFPActionPopMpls(0x0800), out], stack, [stack[:12] + b'\x08\x00' + stack[18:]]
    yield 'set_mpls_ttl', {'eth_type': 0x8847}, [p.OFPActionSetMplsTtl(7), out], stack, [PACKETS['mpls'](9, 2, 7)]
    yield 'dec_mpls_ttl', {'eth_type': 0x8847}, [p.OFPActionDecMplsTtl(), out], stack, [PACKETS['mpls'](9, 2, 63)]
    yield 'copy_ttl_out', {'eth_type': 0x8847}, [p.OFPActionCopyTtlOut(), out], PACKETS['mpls'](9, 2, 9), [stack]
    yield 'push_pbb', IP, [p.OFPActionPushPbb(0x88e7), out], short, [short[:12] + b'\x88\xe7' + bytes(4) + short]
    yield 'pop_pbb', {'eth_type': 0x88e7}, [p.OFPActionPopPbb(), out], short[:12] + b'\x88\xe7' + bytes(4) + short, [short]
    yield 'set_nw_ttl', IP, [p.OFPActionSetNwTtl(7), out], short, [PACKETS['udp'](ttl=7)]
    yield 'dec_nw_ttl', IP, [p.OFPActionDecNwTtl(), out], short, [PACKETS['udp'](ttl=63)]
    yield 'dec_nw_ttl at its end', IP, [p.OFPActionDecNwTtl(), out], PACKETS['udp'](ttl=1), []
    yield 'output twice', {}, [out, out], short, [short, short]
    yield 'output to where it came from', {}, [p.OFPActionOutput(1)], short, []
    yield 'flood', {}, [p.OFPActionOutput(s.ofproto.OFPP_FLOOD)], short, [short]
    yield 'all', {}, [p.OFPActionOutput(s.ofproto.OFPP_ALL)], short, [short]


def errors(s):
    """name, message, type and code of the error wanted (OpenFlow 1.3 and later)."""
    p, o = s.parser, s.ofproto
    out = p.OFPActionOutput(2)
    apply = [p.OFPInstructionActions(o.OFPIT_APPLY_ACTIONS, [out])]
    yield 'bad table', s.flow(table_id=255, actions=[out]), o.OFPET_FLOW_MOD_FAILED, o.OFPFMFC_BAD_TABLE_ID
    yield 'goto backwards', s.flow(table_id=3, instructions=[p.OFPInstructionGotoTable(3)]), o.OFPET_BAD_INSTRUCTION, o.OFPBIC_BAD_TABLE_ID
    if o.OFP_VERSION > 4:
        yield 'instruction twice', s.flow(instructions=apply * 2), o.OFPET_BAD_INSTRUCTION, o.OFPBIC_DUP_INST
    yield 'prerequisite of a match', s.flow({'tcp_dst': 80}, [out]), o.OFPET_BAD_MATCH, o.OFPBMC_BAD_PREREQ
    yield 'prerequisite of set_field', s.flow({}, [p.OFPActionSetField(tcp_dst=80), out]), o.OFPET_BAD_ACTION, o.OFPBAC_MATCH_INCONSISTENT
    yield 'bad port', s.flow({}, [p.OFPActionOutput(0xffffff01)]), o.OFPET_BAD_ACTION, o.OFPBAC_BAD_OUT_PORT
    yield 'unknown group', s.flow({}, [p.OFPActionGroup(77)]), o.OFPET_BAD_ACTION, o.OFPBAC_BAD_OUT_GROUP
    yield 'bad tag type', s.flow({}, [p.OFPActionPushVlan(0x1234)]), o.OFPET_BAD_ACTION, o.OFPBAC_BAD_ARGUMENT
    yield 'modified group that there is not', s.group(9, o.OFPGT_ALL, [], o.OFPGC_MODIFY), o.OFPET_GROUP_MOD_FAILED, o.OFPGMFC_UNKNOWN_GROUP
    yield 'bad command', s.flow(command=99, actions=[out]), o.OFPET_FLOW_MOD_FAILED, o.OFPFMFC_BAD_COMMAND
    if o.OFP_VERSION < 6:
        yield 'unknown meter', s.flow(instructions=[p.OFPInstructionMeter(77)]), o.OFPET_METER_MOD_FAILED, o.OFPMMFC_INVALID_METER


def run(path, version, ports):
    """Runs all cases of a version, and returns how many passed."""
    s = Switch(path, VERSIONS[version])
    passed, p, o = 0, s.parser, s.ofproto

    def check(name, got, want):
        nonlocal passed
        if got == want:
            passed += 1
            return
        show = lambda x: [f.hex() if isinstance(f, bytes) else f for f in x] if isinstance(x, list) else x  # noqa: E731
        print(f'FAIL {version} {name}: got\n\t{show(got)}\nwant\n\t{show(want)}')

    if version == '1.0':
        names = {'eth_type': 'dl_type', 'ip_proto': 'nw_proto', 'tcp_dst': 'tp_dst', 'udp_dst': 'tp_dst', 'tcp_src': 'tp_src',
                 'udp_src': 'tp_src', 'icmpv4_type': 'tp_src', 'icmpv4_code': 'tp_dst', 'in_port': 'in_port'}
        matches = [(n, {names[k]: v for k, v in m.items()}, y, z) for n, m, y, z in MATCHES if set(m) <= set(names) and 'IPv6' not in n]
    else:
        matches = MATCHES
    for name, match, yes, no in matches:
        s.clear()
        refused = s.tell(s.flow(match, [p.OFPActionOutput(2)], priority=100))
        check(f'{name}: accepted', [type(m).__name__ for m in refused], [])
        if no is not None:
            check(f'{name}: no match', frames(no, ports), [])
            check(f'{name}: not counted', s.count(), (0, 0))
        if yes is not None:
            check(f'{name}: match', frames(yes, ports), [yes])
            check(f'{name}: counted', s.count(), (1, len(yes)))
    if version == '1.0':
        return passed
    for name, match, actions, before, after in cases_of_actions(s):
        s.clear()
        refused = s.tell(s.flow(match, actions, priority=100))
        check(f'{name}: accepted', [type(m).__name__ for m in refused], [])
        check(name, frames(before, ports), after)
        check(f'{name}: counted', s.count(), (1, len(before)))
        s.clear()
        write = [p.OFPInstructionActions(o.OFPIT_WRITE_ACTIONS, actions)]
        if name not in ('output twice',):
            s.tell(s.flow(match, instructions=write, priority=100))
            check(f'{name} in the action set', frames(before, ports), after)
    out, both = p.OFPActionOutput(2), PACKETS['udp']()
    for name, kind, buckets, want in [
            ('all', o.OFPGT_ALL, [[out], [p.OFPActionSetField(eth_src='02:00:00:00:00:07'), out]], [both, both[:6] + bytes.fromhex('020000000007') + both[12:]]),
            ('all of none', o.OFPGT_ALL, [], []), ('indirect', o.OFPGT_INDIRECT, [[out]], [both])]:
        s.clear()
        check(f'group {name}: accepted', [type(m).__name__ for m in s.tell(s.group(5, kind, buckets), s.flow({}, [p.OFPActionGroup(5)], priority=100))], [])
        check(f'group {name}', frames(both, ports), want)
        check(f'group {name}: twice', [(m.type, m.code) for m in s.tell(s.group(5, kind, buckets))], [(o.OFPET_GROUP_MOD_FAILED, o.OFPGMFC_GROUP_EXISTS)])
        s.tell(s.group(5, kind, [], o.OFPGC_DELETE))
        check(f'group {name}: its flow goes with it', s.count(), None)
    for name, message, kind, code in errors(s):
        s.clear()
        check(name, [(m.type, m.code) for m in s.tell(message)], [(kind, code)])
    return passed


def main():
    path, versions = sys.argv[1], sys.argv[2:]
    ports = [Port(name) for name in ('p1', 'p2', 'p3')]
    passed = sum(run(path, version, ports) for version in versions)
    print(f'{passed} checks passed')


main()
