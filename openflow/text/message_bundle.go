package text

import "vswitch/openflow"

// bundleMessages are the rows of messages about bundles.
func bundleMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, _ *openflow.Header, m *openflow.BundleControl) {
			w.str("\n bundle_id=").hexSharp(uint64(m.ID)).str(" type=").nameOr(bundleTypes[:], int(m.Type), "")
			w.str(" flags=").bits(uint64(m.Flags), bundleFlags[:], " ")
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.BundleAdd) {
			w.str("\n bundle_id=").hexSharp(uint64(m.ID)).str(" flags=").bits(uint64(m.Flags), bundleFlags[:], " ").byte('\n')
			if m.Message == nil || w.depth >= maxMessageDepth {
				return
			}
			h := m.Header
			h.XID = m.XID
			w.depth++
			w.message(&h, m.Message)
			w.depth--
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.BundleFeaturesRequest) {
			w.str(" flags=").hex(uint64(m.Flags))
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.BundleFeaturesReply) {
			w.str(" capabilities=").hex(uint64(m.Capabilities))
		}),
	}
}

var (
	bundleFlags = [...]string{"atomic", "ordered"}
	bundleTypes = [...]string{
		openflow.BundleOpenRequest:    "OPEN_REQUEST",
		openflow.BundleOpenReply:      "OPEN_REPLY",
		openflow.BundleCloseRequest:   "CLOSE_REQUEST",
		openflow.BundleCloseReply:     "CLOSE_REPLY",
		openflow.BundleCommitRequest:  "COMMIT_REQUEST",
		openflow.BundleCommitReply:    "COMMIT_REPLY",
		openflow.BundleDiscardRequest: "DISCARD_REQUEST",
		openflow.BundleDiscardReply:   "DISCARD_REPLY",
	}
)
