package tap

import (
	"fmt"
	"net/netip"

	"vswitch/ports"
	"vswitch/ports/netdev"
)

// defaultMTU is what a device that the switch makes has unless it is told
// otherwise.
const defaultMTU = 1500

// SetMAC gives the device another address while packets flow.
func (p *Port) SetMAC(mac [6]byte) error { return p.apply(netdev.Setup{MAC: mac}) }

// SetMTU gives the device another MTU while packets flow; 0 is the default.
func (p *Port) SetMTU(mtu int) error {
	if mtu == 0 {
		mtu = defaultMTU
	}
	return p.apply(netdev.Setup{MTU: mtu})
}

func (p *Port) apply(s netdev.Setup) error {
	if err := p.space.Change(p.index, s); err != nil {
		return fmt.Errorf("tap %s: %w", p.options.Name, err)
	}
	return nil
}

// SetAddresses replaces the addresses that the switch has given the device while
// packets flow. Those that others have given it stay. Called by one goroutine.
func (p *Port) SetAddresses(want []netip.Prefix) error {
	link, err := p.space.Link(p.index)
	if err == nil {
		err = p.space.Readdress(link, p.state.Info().Address, want)
	}
	if err != nil {
		return fmt.Errorf("tap %s: %w", p.options.Name, err)
	}
	p.state.Change(func(i *ports.Info) { i.Address = want })
	return nil
}
