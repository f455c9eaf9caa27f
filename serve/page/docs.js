// Shows openapi.json.
function make(tag, text, ...children) {
  const e = document.createElement(tag);
  if (text) e.textContent = text;
  e.append(...children);
  return e;
}

// curl is a command that asks what the example asks.
function curl(method, path, operation) {
  const url = new URL("." + path.replace("{model}", "default").replace("{version}", "1"), document.baseURI).href;
  if (method === "get") return `curl ${url}`;
  return Object.entries(operation.requestBody?.content ?? {}).map(([type, { example }]) => {
    const body = typeof example === "string" ? example : JSON.stringify(example);
    const header = type === "application/json" ? "" : ` -H 'Content-Type: ${type}'`;
    return `curl ${url}${header} --data-binary '${body.replaceAll("'", "'\\''")}'`;
  }).join("\n");
}

const api = await (await fetch("openapi.json")).json();
document.getElementById("intro").textContent = api.info.description;
const list = document.getElementById("operations");
for (const tag of api.tags) {
  list.append(make("h2", tag.description));
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.tags?.[0] !== tag.name) continue;
      list.append(make("h3", "", make("code", `${method.toUpperCase()} ${path}`)), make("p", operation.summary + ". " + (operation.description ?? "")), make("pre", "", make("code", curl(method, path, operation))));
    }
  }
}
