// Loads the program, its kernels and the model, and answers questions in turn.
importScripts("wasm_exec.js");

async function unpacked(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(name + ": " + response.status);
  return response.body.pipeThrough(new DecompressionStream("gzip"));
}

const asWasm = (stream) => new Response(stream, { headers: { "Content-Type": "application/wasm" } });

const started = (async () => {
  const model = unpacked("model.gz").then((s) => new Response(s).arrayBuffer());
  const go = new Go();
  let kernels;
  const late = (name) => (...args) => kernels[name](...args);
  go.importObject.textlstm = { matmul8: late("matmul8"), matmul: late("matmul"), cell: late("cell") };
  const { instance } = await WebAssembly.instantiateStreaming(asWasm(await unpacked("main.wasm.gz")), go.importObject);
  const env = { memory: instance.exports.mem };
  kernels = (await WebAssembly.instantiate(await (await fetch("kernels.wasm")).arrayBuffer(), { env })).instance.exports;
  await new Promise((resolve) => {
    globalThis.ready = resolve;
    go.run(instance);
  });
  const wrong = globalThis.load(new Uint8Array(await model));
  if (wrong) throw new Error(wrong);
})();
started.catch((err) => setTimeout(() => { throw err; })); // the page's onerror hears of it

onmessage = async ({ data: [path, body] }) => {
  await started;
  postMessage(globalThis.call(path, body));
};
