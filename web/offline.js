// Keeps the files of the page, so that it works without a network.
const version = "VERSION"; // web/build puts in a hash of the files
const files = ["./", "page.css", "page.js", "files.js", "backend.js", "worker.js", "wasm_exec.js", "main.wasm.gz", "kernels.wasm", "model.gz"];

// What the browser itself has kept may be of the version before.
const fresh = () => files.map((f) => new Request(f, { cache: "reload" }));

self.addEventListener("install", (e) => e.waitUntil(caches.open(version).then((c) => c.addAll(fresh())).then(() => self.skipWaiting())));
self.addEventListener("activate", (e) => e.waitUntil(caches.keys().then((names) => Promise.all(names.filter((n) => n !== version).map((n) => caches.delete(n)))).then(() => self.clients.claim())));
self.addEventListener("fetch", (e) => e.respondWith(caches.match(e.request).then((kept) => kept ?? fetch(e.request))));
