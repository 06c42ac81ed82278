package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Cookie selects flows by the bits of their cookies that Mask has.
type Cookie struct{ Value, Mask uint64 }

// ParseCookie reads COOKIE[/MASK], as ovs-ofctl takes it; without a mask all bits
// count.
func ParseCookie(s string) (Cookie, error) {
	value, mask, hasMask := strings.Cut(s, "/")
	c := Cookie{Mask: ^uint64(0)}
	var err error
	if c.Value, err = parseBits(value); err == nil && hasMask {
		c.Mask, err = parseBits(mask)
	}
	if err != nil {
		return Cookie{}, fmt.Errorf("%q is not a cookie: use a number such as 0x10, or 0x10/0xf0 with a mask", s)
	}
	if c.Value&^c.Mask != 0 {
		return Cookie{}, fmt.Errorf("%q has bits that its mask does not have: no flow is like this", s)
	}
	return c, nil
}

// parseBits reads a decimal number or a hexadecimal one with 0x.
func parseBits(s string) (uint64, error) {
	if digits, isHex := strings.CutPrefix(s, "0x"); isHex {
		return strconv.ParseUint(digits, 16, 64)
	}
	return strconv.ParseUint(s, 10, 64)
}

// String writes the cookie as it is read.
func (c Cookie) String() string {
	if c.Mask == ^uint64(0) {
		return fmt.Sprintf("%#x", c.Value)
	}
	return fmt.Sprintf("%#x/%#x", c.Value, c.Mask)
}

// MaxMetricsCookies bounds Metrics.Cookies: each is a few series a bridge, and a
// look at every flow at every scrape.
const MaxMetricsCookies = 64

func (m *Metrics) differs(o *Metrics) bool {
	return m.Listen != o.Listen || m.Pprof != o.Pprof || !slices.Equal(m.Cookies, o.Cookies)
}
