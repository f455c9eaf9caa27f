// Package page renders evaluations as one self-contained HTML page with plots,
// and the plots as files.
//
// The page needs no network and can reach none: its policy forbids every
// request, and runs no script but the page's own, which is allowed by its hash.
// Texts, labels and names are escaped wherever they stand, so that a corpus
// cannot make the page do anything.
//
// The same [Page] gives the same bytes. All functions may be called from any
// number of goroutines.
package page
