package vec

// LargePages asks that x stand in pages of some megabytes, in place of some kilobytes: a pass over
// much memory, or reads all over it, then wait less for the tables of pages. It is for what is large
// and stays. Where the system has no such pages, or x no room for one, nothing happens. It is as
// safe for concurrent use as reading x.
func LargePages[E any](x []E) { _ = largePages(x) }
