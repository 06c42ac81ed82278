package uring

import (
	"fmt"
	"unsafe"
)

// maxFiles is how many descriptors of a ring the kernel may keep at hand.
const maxFiles = 512

// files are the descriptors that are registered with the ring: requests name them
// by their place, and the kernel does not look them up for each.
type files struct {
	ring  *ring
	inUse []bool // by place; nil where the kernel has no table
	fd    int32  // to be registered: the kernel gets its address, which stacks do not keep
}

// file is a descriptor as requests name it.
type file struct {
	fd         int32 // or its place
	registered bool
}

// registerTable makes a table without descriptors. It is false where the kernel
// refuses, which it does beyond the process's limit of descriptors.
func (r *ring) registerTable() bool {
	var none [maxFiles]int32
	for i := range none {
		none[i] = -1
	}
	return r.register(registerFiles, unsafe.Pointer(&none), maxFiles) == nil
}

// add registers fd, for a caller who removes it before closing fd: the kernel
// keeps a reference. Without room it is named as elsewhere.
func (f *files) add(fd int) file {
	for place, used := range f.inUse {
		if used {
			continue
		}
		if f.put(place, int32(fd)) != nil {
			break
		}
		f.inUse[place] = true
		return file{fd: int32(place), registered: true}
	}
	return file{fd: int32(fd)}
}

// remove ends what add began. No request may be under way.
func (f *files) remove(x file) error {
	if !x.registered {
		return nil
	}
	f.inUse[x.fd] = false
	if err := f.put(int(x.fd), -1); err != nil {
		return fmt.Errorf("io_uring: let go of a descriptor: %w", err)
	}
	return nil
}

func (f *files) put(place int, fd int32) error {
	f.fd = fd
	update := filesUpdate{offset: uint32(place), fds: uint64(uintptr(unsafe.Pointer(&f.fd)))}
	return f.ring.register(registerFilesUpdate, unsafe.Pointer(&update), 1)
}

// of names the descriptor in a request.
func (s *sqe) of(x file) {
	s.fd = x.fd
	if x.registered {
		s.flags |= sqeFixedFile
	}
}
