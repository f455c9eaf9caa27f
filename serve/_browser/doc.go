// Package browser tests the page of package serve in a real Chromium. It is a module of
// its own, so that nobody else pays for what drives the browser:
//
//	go -C serve/_browser test ./...
//
// Without a Chromium its tests are skipped. AXE names axe.min.js of npm's axe-core, with which
// the pages are checked for accessibility; SCREENSHOTS a directory for pictures of them.
package browser
