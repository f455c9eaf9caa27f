// Runs a Go program that was built with GOOS=js GOARCH=wasm -tags simd, with its kernels:
//
//	GOOS=js GOARCH=wasm go test -tags simd -exec "node $PWD/web/node.js" ./internal/vec
const fs = require("fs"), path = require("path"), { execFileSync } = require("child_process");
globalThis.require = require;
globalThis.fs = fs;
globalThis.path = path;
globalThis.performance ??= require("perf_hooks").performance;
require(path.join(execFileSync("go", ["env", "GOROOT"]).toString().trim(), "lib/wasm/wasm_exec.js"));

(async () => {
  const go = new Go();
  go.argv = process.argv.slice(2);
  go.env = { TMPDIR: "/tmp", ...process.env };
  go.exit = process.exit;
  let kernels;
  const late = (name) => (...args) => kernels[name](...args);
  go.importObject.textlstm = { matmul8: late("matmul8"), matmul: late("matmul"), cell: late("cell") };
  const { instance } = await WebAssembly.instantiate(fs.readFileSync(process.argv[2]), go.importObject);
  const env = { memory: instance.exports.mem };
  kernels = (await WebAssembly.instantiate(fs.readFileSync(path.join(__dirname, "kernels.wasm")), { env })).instance.exports;
  await go.run(instance);
})();
