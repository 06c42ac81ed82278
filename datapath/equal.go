package datapath

// ActionsEqual reports whether two action lists do the same. same compares the
// handles of OpUserspace.
func ActionsEqual(a, b []Action, same func(x, y any) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Op != b[i].Op || a[i].Reason != b[i].Reason || a[i].Short != b[i].Short || a[i].Arg != b[i].Arg {
			return false
		}
		if !a[i].X.equal(b[i].X, same) {
			return false
		}
	}
	return true
}

func (x *Extra) equal(y *Extra, same func(x, y any) bool) bool {
	switch {
	case x == y:
		return true
	case x == nil || y == nil || x.Meter != y.Meter || x.Else != y.Else || (x.NSH == nil) != (y.NSH == nil) || (x.Set == nil) != (y.Set == nil):
		return false
	case x.Set != nil && *x.Set != *y.Set:
		return false
	case x.NSH != nil && *x.NSH != *y.NSH:
		return false
	case (x.Handle == nil) != (y.Handle == nil):
		return false
	case x.Handle != nil && !same(x.Handle, y.Handle):
		return false
	}
	return ActionsEqual(x.Sub, y.Sub, same)
}
