package text

import (
	"vswitch/openflow"
)

// tableMessages are the rows of messages about tables.
func tableMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, h *openflow.Header, m *openflow.TableMod) { w.tableMod(m) }),
		bare(openflow.KindTableDescRequest),
		unflagged(prints(func(w *printer, _ *openflow.Header, m *openflow.TableDescReply) {
			for i := range m.Tables {
				w.tableDesc(&m.Tables[i])
			}
		})),
		prints(func(w *printer, _ *openflow.Header, m *openflow.TableStatus) {
			switch m.Reason {
			case vacancyDown:
				w.str(" reason=VACANCY_DOWN")
			case vacancyUp:
				w.str(" reason=VACANCY_UP")
			}
			w.str("\ntable_desc:-").tableDesc(&m.Desc)
		}),
		bare(openflow.KindTableStatsRequest),
		prints(func(w *printer, h *openflow.Header, m *openflow.TableStatsReply) {
			w.tables(h.Version, m.Features, m.Tables)
		}),
		unflagged(prints(func(w *printer, h *openflow.Header, m *openflow.TableFeaturesRequest) {
			w.tables(h.Version, m.Tables, nil)
		})),
		unflagged(prints(func(w *printer, h *openflow.Header, m *openflow.TableFeaturesReply) {
			w.tables(h.Version, m.Tables, nil)
		})),
	}
}

// Reasons of a table's status.
const (
	vacancyDown = 3
	vacancyUp   = 4
)

var (
	tableMisses   = [...]string{openflow.MissDefault: "default", openflow.MissController: "controller", openflow.MissContinue: "continue", openflow.MissDrop: "drop"}
	tristates     = [...]string{openflow.Unset: "default", openflow.Off: "off", openflow.On: "on"}
	evictionFlags = [...]string{"OTHER", "IMPORTANCE", "LIFETIME"}
)

// evictionUnset stands for eviction flags that are not given.
const evictionUnset = ^uint32(0)

func (w *printer) evictionFlags(f uint32) *printer {
	if f == evictionUnset {
		return w.str("(default)")
	}
	return w.bits(uint64(f), evictionFlags[:], "|")
}

func (w *printer) tableMod(m *openflow.TableMod) {
	if m.Table == openflow.TableAll {
		w.str(" table_id: ALL_TABLES")
	} else {
		w.str(" table_id=").table(m.Table)
	}
	if m.Miss != openflow.MissDefault {
		w.str(", flow_miss_config=").nameOf(tableMisses[:], int(m.Miss))
	}
	if m.Eviction != openflow.Unset {
		w.str(", eviction=").nameOf(tristates[:], int(m.Eviction))
	}
	if m.EvictionFlags != evictionUnset {
		w.str("eviction_flags=").evictionFlags(m.EvictionFlags)
	}
	if m.Vacancy == openflow.Unset {
		return
	}
	w.str(", vacancy=").nameOf(tristates[:], int(m.Vacancy))
	if m.Vacancy == openflow.On {
		w.str(" vacancy:").uint(uint64(m.VacancyDown)).byte(',').uint(uint64(m.VacancyUp))
	}
}

func (w *printer) tableDesc(d *openflow.TableDesc) {
	w.str("\n  table ").table(d.Table).str(":\n   eviction=").nameOf(tristates[:], int(d.Eviction))
	w.str(" eviction_flags=").evictionFlags(d.EvictionFlags)
	w.str("\n   vacancy=").nameOf(tristates[:], int(d.Vacancy))
	if d.Vacancy == openflow.On {
		w.str(" vacancy_down=").uint(uint64(d.Down)).str("% vacancy_up=").uint(uint64(d.Up)).str("% vacancy=").uint(uint64(d.Current)).byte('%')
	}
	w.byte('\n')
}
