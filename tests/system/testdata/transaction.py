"""A controller that changes switches by bundles, as an OpenFlow application of os-ken.

It commits, discards and spoils bundles of flows, groups and ports, asks the switch each
time what it has then, and says which case passed or why one failed. At last it swaps the
flows of each switch again and again, each time by one bundle that deletes all and
adds them anew, until the switch is gone.

$OPENFLOW is the version that it speaks: 1.3 by the ONF's extension (EXT-230), 1.4 or 1.5.
"""

import itertools
import os

from os_ken.app.ofctl import api
from os_ken.app.ofctl.exception import InvalidDatapath, OFError
from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import MAIN_DISPATCHER, set_ev_cls
from os_ken.lib import hub

VERSION = {'1.3': 4, '1.4': 5, '1.5': 6}[os.environ.get('OPENFLOW', '1.4')]
UNKNOWN_GROUP = 4000000


class Bundle:
    """An open bundle of a switch, ordered and atomic."""

    def __init__(self, app, datapath, number):
        self.app, self.datapath, self.number = app, datapath, number
        self.parser, self.ofproto = datapath.ofproto_parser, datapath.ofproto
        self.control('OPEN')

    def control(self, kind):
        """Has the switch open, close, commit or discard the bundle."""
        p, o = self.parser, self.ofproto
        if VERSION == 4:
            flags, kind = o.ONF_BF_ATOMIC | o.ONF_BF_ORDERED, getattr(o, 'ONF_BCT_%s_REQUEST' % kind)
            message, reply = p.ONFBundleCtrlMsg(self.datapath, self.number, kind, flags, []), p.ONFBundleCtrlMsg
        else:
            flags, kind = o.OFPBF_ATOMIC | o.OFPBF_ORDERED, getattr(o, 'OFPBCT_%s_REQUEST' % kind)
            message = reply = p.OFPBundleCtrlMsg
            message = message(self.datapath, self.number, kind, flags, [])
        answer = api.send_msg(self.app, message, reply_cls=reply)
        if (answer.bundle_id, answer.type) != (self.number, kind + 1):
            raise AssertionError('%s is answered by %s' % (message, answer))

    def add(self, message):
        p, o = self.parser, self.ofproto
        if VERSION == 4:
            message = p.ONFBundleAddMsg(self.datapath, self.number, o.ONF_BF_ATOMIC | o.ONF_BF_ORDERED, message, [])
        else:
            message = p.OFPBundleAddMsg(self.datapath, self.number, o.OFPBF_ATOMIC | o.OFPBF_ORDERED, message, [])
        api.send_msg(self.app, message)


class Transaction(app_manager.OSKenApp):
    OFP_VERSIONS = [VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.numbers = itertools.count(1)

    @set_ev_cls(ofp_event.EventOFPStateChange, MAIN_DISPATCHER)
    def meet(self, event):
        # Its replies come to this application: it must not wait for them here.
        hub.spawn(self.serve, event.datapath)

    def serve(self, datapath):
        try:
            for case in (self.commit, self.discard, self.refuse_one, self.refuse_last, self.close, self.mix):
                case(datapath)
                self.logger.info('PASSED %s', case.__name__)
            self.logger.info('SWAPS')
            self.swap(datapath)
        except InvalidDatapath:
            pass
        except AssertionError as e:
            self.logger.info('FAILED %s', e)

    @staticmethod
    def flow(datapath, cookie, actions=(), **match):
        p, o = datapath.ofproto_parser, datapath.ofproto
        instructions = [p.OFPInstructionActions(o.OFPIT_APPLY_ACTIONS, list(actions))]
        return p.OFPFlowMod(datapath, cookie=cookie, match=p.OFPMatch(**match), instructions=instructions)

    def expect(self, datapath, cookies):
        """Complains unless the flows have these cookies."""
        p = datapath.ofproto_parser
        # 1.5 tells cookies with the descriptions of flows, not with their counters.
        request, reply = (p.OFPFlowDescStatsRequest, p.OFPFlowDescStatsReply) if VERSION == 6 else (p.OFPFlowStatsRequest, p.OFPFlowStatsReply)
        replies = api.send_msg(self, request(datapath), reply_cls=reply, reply_multi=True)
        got = sorted(flow.cookie for reply in replies for flow in reply.body)
        if got != sorted(cookies):
            raise AssertionError('flows %s, expected %s' % (got, cookies))

    @staticmethod
    def refuse(request, name):
        """Makes a request that the switch has to refuse with a bundle's error."""
        code = {'BAD_ID': 2, 'BUNDLE_CLOSED': 4, 'MSG_UNSUP': 10, 'MSG_FAILED': 13}[name]
        # 1.4 has them as errors of type 17, the extension as its own from 2300 on.
        expected = [(0xffff, 2300 + code) if VERSION == 4 else (17, code)]
        try:
            request()
        except OFError as e:
            got = [(r.type, r.exp_type if r.type == 0xffff else r.code) for r in e.result]
            if got != expected:
                raise AssertionError('%s: errors %s, expected %s' % (name, got, expected)) from e
        else:
            raise AssertionError('%s: no error' % name)

    def commit(self, datapath):
        """What is in a bundle is there when it is committed, and not before."""
        bundle = Bundle(self, datapath, next(self.numbers))
        bundle.add(self.flow(datapath, 1, eth_type=0x0806))
        bundle.add(self.flow(datapath, 2, eth_type=0x0800))
        self.expect(datapath, [])
        bundle.control('COMMIT')
        self.expect(datapath, [1, 2])

    def discard(self, datapath):
        bundle = Bundle(self, datapath, next(self.numbers))
        bundle.add(self.clear(datapath))
        bundle.control('DISCARD')
        self.refuse(lambda: bundle.control('COMMIT'), 'BAD_ID')
        self.expect(datapath, [1, 2])

    def refuse_one(self, datapath):
        """A message that no bundle takes is refused, and the others are kept."""
        bundle = Bundle(self, datapath, next(self.numbers))
        bundle.add(self.flow(datapath, 3, eth_type=0x86dd))
        self.refuse(lambda: bundle.add(datapath.ofproto_parser.OFPBarrierRequest(datapath)), 'MSG_UNSUP')
        bundle.control('COMMIT')
        self.expect(datapath, [1, 2, 3])

    def refuse_last(self, datapath):
        """A message that cannot be executed leaves everything as it was before the first."""
        bundle = Bundle(self, datapath, next(self.numbers))
        bundle.add(self.clear(datapath))
        bundle.add(self.flow(datapath, 4, eth_type=0x88b5))
        bundle.add(self.flow(datapath, 5, [datapath.ofproto_parser.OFPActionGroup(UNKNOWN_GROUP)], eth_type=0x88b6))
        self.refuse(lambda: bundle.control('COMMIT'), 'MSG_FAILED')
        self.expect(datapath, [1, 2, 3])

    def close(self, datapath):
        """A bundle that is closed takes no message, and can be committed."""
        bundle = Bundle(self, datapath, next(self.numbers))
        bundle.add(self.flow(datapath, 4, eth_type=0x88b5))
        bundle.control('CLOSE')
        bundle.control('COMMIT')
        self.expect(datapath, [1, 2, 3, 4])
        bundle = Bundle(self, datapath, next(self.numbers))
        bundle.control('CLOSE')
        self.refuse(lambda: bundle.add(self.clear(datapath)), 'BUNDLE_CLOSED')
        self.expect(datapath, [1, 2, 3, 4])

    def mix(self, datapath):
        """A flow, the group that it needs and the setting of a port change together."""
        p, o = datapath.ofproto_parser, datapath.ofproto
        bundle = Bundle(self, datapath, next(self.numbers))
        bundle.add(self.group(datapath, 5, p.OFPActionOutput(2)))
        bundle.add(self.flow(datapath, 5, [p.OFPActionGroup(5)], eth_type=0x88b6))
        port = datapath.ports[3]
        bundle.add(self.set_port(datapath, port, o.OFPPC_NO_FWD))
        bundle.control('COMMIT')
        self.expect(datapath, [1, 2, 3, 4, 5])
        groups = api.send_msg(self, p.OFPGroupDescStatsRequest(datapath), reply_cls=p.OFPGroupDescStatsReply)
        if [group.group_id for group in groups.body] != [5]:
            raise AssertionError('groups: %s' % groups)
        ports = api.send_msg(self, p.OFPPortDescStatsRequest(datapath), reply_cls=p.OFPPortDescStatsReply)
        if [port.port_no for port in ports.body if port.config & o.OFPPC_NO_FWD] != [3]:
            raise AssertionError('ports: %s' % ports)

    def swap(self, datapath):
        p = datapath.ofproto_parser
        while True:
            bundle = Bundle(self, datapath, next(self.numbers))
            bundle.add(self.clear(datapath))
            bundle.add(self.flow(datapath, 6, [p.OFPActionOutput(2)], in_port=1))
            bundle.add(self.flow(datapath, 7, [p.OFPActionOutput(1)], in_port=2))
            bundle.control('COMMIT')
            self.logger.info('SWAPPED')

    @staticmethod
    def clear(datapath):
        """Deletes every flow."""
        o = datapath.ofproto
        return datapath.ofproto_parser.OFPFlowMod(datapath, command=o.OFPFC_DELETE, table_id=o.OFPTT_ALL, out_port=o.OFPP_ANY, out_group=o.OFPG_ANY)

    @staticmethod
    def group(datapath, number, action):
        p, o = datapath.ofproto_parser, datapath.ofproto
        if VERSION == 6:
            return p.OFPGroupMod(datapath, o.OFPGC_ADD, o.OFPGT_INDIRECT, number, o.OFPG_BUCKET_ALL, [p.OFPBucket(bucket_id=0, actions=[action])])
        return p.OFPGroupMod(datapath, o.OFPGC_ADD, o.OFPGT_INDIRECT, number, [p.OFPBucket(0, o.OFPP_ANY, o.OFPG_ANY, [action])])

    @staticmethod
    def set_port(datapath, port, config):
        p = datapath.ofproto_parser
        if VERSION == 4:
            return p.OFPPortMod(datapath, port.port_no, port.hw_addr, config, config, 0)
        return p.OFPPortMod(datapath, port.port_no, port.hw_addr, config, config, [])
