package vec

import (
	"syscall"
	"unsafe"
)

// hugePage is the size of a transparent huge page of Linux where others have 4 KiB. Where they have
// more, the kernel takes what it can.
const hugePage = 2 << 20

func largePages[E any](x []E) error {
	at := unsafe.Pointer(unsafe.SliceData(x))
	skip := -uintptr(at) % hugePage
	n := uintptr(len(x)) * unsafe.Sizeof(*new(E))
	if n < skip+hugePage {
		return nil
	}
	return syscall.Madvise(unsafe.Slice((*byte)(at), n)[skip:n-(n-skip)%hugePage], syscall.MADV_HUGEPAGE)
}
