package text

// wire writes a message's bytes.
func (w *printer) wire(b []byte) { w.hexDump(b, true) }
