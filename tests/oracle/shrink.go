package oracle

import "fmt"

// Explain makes a failing case small, and tells of it. run runs the case.
func (c *Case) Explain(fault error, run func() error) string {
	shrink(&c.Packets, &fault, run)
	for _, part := range []*[]string{&c.Flows1, &c.Groups, &c.Flows, &c.Meters} {
		shrink(part, &fault, run)
	}
	shrink(&c.Packets, &fault, run)
	shrink(&c.Flows, &fault, run)
	return fmt.Sprintf("%v\n%v", fault, c)
}

// shrink leaves out of a part what the failure does not need.
func shrink[T any](part *[]T, fault *error, run func() error) {
	for size := max(1, len(*part)/2); size > 0; size /= 2 {
		for at := 0; at+size <= len(*part); {
			all := *part
			*part = append(append([]T{}, all[:at]...), all[at+size:]...)
			if err := run(); err != nil {
				*fault = err
				continue
			}
			*part = all
			at += size
		}
	}
}
