// Package computetest uses a device as an engine does.
package computetest

import (
	"testing"

	"github.com/textlstm/textlstm/device/internal/compute"
)

// A Use is of the first of some devices, which is a GPU with a GiB of memory.
type Use struct {
	Devices       func() ([]compute.Device, error)
	Name, Version string
	Shared        int    // bytes that each group of a launch shares
	Launched      func() // looks at what was launched: 3 x 2 groups of 64 items, with 5, a buffer, 1 and 1<<40
	Most          int    // bytes that a group of 512 items, which is the largest, may share
}

// Run does all that an engine does, and returns the first error.
func (u Use) Run(t *testing.T) error {
	t.Helper()
	list, err := u.Devices()
	if err != nil {
		return err
	}
	d := list[0]
	if d.Name() != u.Name || d.Version() != u.Version || d.Memory() != 1<<30 || !d.GPU() {
		t.Errorf("the device is %s, %s, of %d bytes, a GPU: %t", d.Name(), d.Version(), d.Memory(), d.GPU())
	}
	c, err := d.Open()
	if err != nil {
		return err
	}
	b, err := c.Alloc(8)
	if err != nil {
		return err
	}
	if err := c.Write(b, []byte("12345678")); err != nil {
		return err
	}
	if err := c.Launch("fill", 3, 2, 64, u.Shared, 5, b, float32(1), uint64(1<<40)); err != nil {
		return err
	}
	u.Launched()
	got := make([]byte, 8)
	if err := c.Read(got, b); err != nil {
		return err
	}
	if string(got) != "12345678" {
		t.Errorf("read %q", got)
	}
	if !c.Fits("fill", 512, u.Most) || c.Fits("fill", 513, 0) || c.Fits("fill", 1, u.Most+1) {
		t.Errorf("groups of 512 that share %d bytes beside their own should fit, and no larger ones", u.Most)
	}
	if err := b.Free(); err != nil {
		return err
	}
	return c.Close()
}
