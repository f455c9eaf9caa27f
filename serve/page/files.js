// Labels the texts of a file.
import { call } from "./backend.js";
import { answerOf, bars, headsOf, make, percent, ready, say, which } from "./page.js";

const $ = (id) => document.getElementById(id);

let rows = []; // of the file, the names among them: arrays of cells
let results = []; // records by text
let stop; // AbortController while texts are being labelled
let done; // what the results are of: { heads, texts, named, model }

// parseTable reads CSV (RFC 4180) or TSV.
export function parseTable(text, delimiter) {
  const table = [];
  let row = [], cell = "", quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[++i];
      else quoted = false;
    } else if (c === '"' && cell === "") quoted = true;
    else if (c === delimiter || c === "\n") {
      row.push(cell);
      cell = "";
      if (c === "\n") {
        if (row.length > 1 || row[0]) table.push(row);
        row = [];
      }
    } else if (c !== "\r" || text[i + 1] !== "\n") cell += c;
  }
  row.push(cell);
  if (row.length > 1 || row[0]) table.push(row);
  return table;
}

// parseLines reads JSON lines: strings, or objects whose keys become columns.
export function parseLines(text) {
  const values = text.split("\n").flatMap((l, i) => {
    try {
      return l.trim() ? [JSON.parse(l)] : [];
    } catch {
      throw new Error(`Line ${i + 1} is not JSON.`);
    }
  });
  const names = [...new Set(values.flatMap((v) => (v && typeof v === "object" ? Object.keys(v) : ["text"])))];
  const cellOf = (v) => (v === undefined || v === null ? "" : typeof v === "string" ? v : JSON.stringify(v));
  return [names, ...values.map((v) => (v && typeof v === "object" ? names.map((n) => cellOf(v[n])) : names.map((n) => (n === "text" ? cellOf(v) : ""))))];
}

// parse reads a file by its name; named says whether its first row has names.
export function parse(name, text) {
  text = text.replace(/^\ufeff/, "");
  const kind = name.toLowerCase().split(".").pop();
  if (["jsonl", "ndjson"].includes(kind)) return { rows: parseLines(text), named: true };
  if (kind === "json") {
    const value = JSON.parse(text);
    return { rows: parseLines((Array.isArray(value) ? value : [value]).map((v) => JSON.stringify(v)).join("\n")), named: true };
  }
  if (kind === "csv" || kind === "tsv") {
    const first = text.slice(0, text.indexOf("\n") + 1 || undefined);
    const counts = [",", ";", "\t"].map((d) => [first.split(d).length, d]).sort((a, b) => b[0] - a[0]);
    return { rows: parseTable(text, kind === "tsv" ? "\t" : counts[0][1]), named: true, table: true };
  }
  return { rows: [["text"], ...text.split(/\r?\n/).filter((l) => l.trim()).map((l) => [l])], named: true };
}

// textColumn guesses which column has the texts: by its name, or the longest cells.
export function textColumn(table) {
  const byName = table[0].findIndex((n) => /^(text|review|comment|content|body|message|sentence|tweet)$/i.test(n.trim()));
  if (byName >= 0) return byName;
  const size = table[0].map((_, c) => table.slice(1, 101).reduce((n, r) => n + (r[c]?.length ?? 0), 0));
  return Math.max(0, size.indexOf(Math.max(...size)));
}

async function open(file) {
  try {
    if (file.size > 100e6) throw new Error("The file is larger than 100 MB: use sentiment classify for it.");
    const parsed = parse(file.name, await file.text());
    if (parsed.rows.length === 0) throw new Error("The file has no text.");
    rows = parsed.rows;
    say();
    reset();
    $("name").textContent = file.name;
    $("table").hidden = false;
    $("header-row").hidden = !parsed.table;
    $("header").checked = parsed.named;
    columns();
    $("start").focus();
  } catch (err) {
    say(err);
  }
}

function columns() {
  const named = $("header").checked;
  $("column").replaceChildren(...rows[0].map((name, i) => make("option", named ? name : `column ${i + 1}`)));
  $("column").selectedIndex = textColumn(rows);
  const n = rows.length - (named ? 1 : 0);
  $("count").textContent = n === 1 ? "1 text" : `${n.toLocaleString("en")} texts`;
  $("start").disabled = n === 0;
}

function reset() {
  stop?.abort();
  stop = undefined;
  results = [];
  done = undefined;
  $("chart").replaceChildren();
  for (const id of ["progress-line", "downloads", "preview", "cancel"]) $(id).hidden = true;
}

// batches cuts texts into parts that one request may hold.
function* batches(texts) {
  let start = 0, size = 0;
  for (let i = 0; i < texts.length; i++) {
    if (i - start === 64 || (size > 200_000 && i > start)) {
      yield [start, texts.slice(start, i)];
      start = i;
      size = 0;
    }
    size += texts[i].length;
  }
  if (start < texts.length) yield [start, texts.slice(start)];
}

// ask labels one part, and tries again while the server is busy.
async function ask(texts, signal) {
  for (;;) {
    try {
      return (await call("v1/classify", { ...done.model, texts }, signal)).results;
    } catch (err) {
      if (!err.again) throw err;
      await new Promise((resolve) => setTimeout(resolve, 1000 * err.again));
      signal.throwIfAborted();
    }
  }
}

async function label() {
  if (!ready()) return say(new Error("There is no model yet."));
  reset();
  const column = $("column").selectedIndex;
  const named = $("header").checked;
  const texts = rows.slice(named ? 1 : 0).map((r) => r[column] ?? "");
  const own = (stop = new AbortController());
  const { signal } = own;
  done = { heads: headsOf(), texts, named, model: which() };
  $("progress-line").hidden = $("cancel").hidden = false;
  $("start").disabled = true;
  const begin = performance.now();
  try {
    const parts = batches(texts);
    const worker = async () => {
      for (const [start, part] of parts) {
        const records = await ask(part, signal);
        signal.throwIfAborted();
        records.forEach((r, i) => (results[start + i] = r));
        progress(texts.length, begin);
      }
    };
    await Promise.all([worker(), worker()]);
    say();
  } catch (err) {
    own.abort();
    if (stop === own && err.name !== "AbortError") say(err);
  }
  if (stop !== own) return; // the page has another file now
  $("cancel").hidden = true;
  $("start").disabled = false;
  summary();
}

function progress(n, begin) {
  const labelled = results.reduce((sum) => sum + 1, 0);
  $("progress").value = labelled / n;
  const rate = (1000 * labelled) / (performance.now() - begin);
  $("progress-text").textContent = `${labelled.toLocaleString("en")} of ${n.toLocaleString("en")} texts, ${rate.toFixed(0)} a second`;
  chart();
}

// chart shows how often each label was given.
function chart() {
  const all = results.filter((r) => r);
  $("chart").replaceChildren(...done.heads.map((h) => {
    if (h.kind === "number") {
      const values = all.map((r) => r[h.name].value).filter((v) => v !== null);
      const sum = values.reduce((a, v) => a + v, 0);
      return make("div", null, "card", make("h3", null, "", make("span", h.name), make("b", values.length > 0 ? `mean ${(sum / values.length).toPrecision(4)}` : "none")));
    }
    const counts = new Map((h.labels ?? []).map((l) => [l, 0]));
    for (const r of all) {
      for (const l of r[h.name].labels ?? [r[h.name].label ?? "none"]) counts.set(l, (counts.get(l) ?? 0) + 1);
    }
    const most = Math.max(...counts.values());
    const list = [...counts].map(([name, n]) => ({ name, share: n / all.length, text: `${n.toLocaleString("en")} (${percent(n / all.length)})`, best: n === most }));
    return make("div", null, "card", make("h3", null, "", make("span", h.name)), bars(list));
  }));
}

function summary() {
  if (results.length === 0) return;
  chart();
  $("downloads").hidden = $("preview").hidden = false;
  const name = (h) => [make("th", h.name), ...(h.kind === "number" ? [] : [make("th", "probability", "number")])];
  $("preview-head").replaceChildren(make("tr", null, "", make("th", "text"), ...done.heads.flatMap(name)));
  for (const th of $("preview-head").querySelectorAll("th")) th.scope = "col";
  const answered = results.flatMap((r, i) => [[r, done.texts[i]]]).slice(0, 100); // where one stops, parts are missing
  $("preview-rows").replaceChildren(...answered.map(([r, text]) => make("tr", null, "", make("td", text.slice(0, 300), "text"), ...done.heads.flatMap((h) => {
    const { label, prob } = answerOf(h, r[h.name]);
    return h.kind === "number" ? [make("td", label)] : [make("td", label), make("td", percent(prob), "number")];
  }))));
}

const quote = (cell) => (/[",\r\n]/.test(cell) ? '"' + cell.replaceAll('"', '""') + '"' : cell);

// toCSV is the file with the answers in columns of their own.
export function toCSV(table, named, records, heads) {
  const extra = heads.flatMap((h) => (h.kind === "number" ? [h.name] : [h.name, h.name + "_prob"]));
  const names = named ? table[0] : table[0].map((_, i) => `column ${i + 1}`);
  const lines = [[...names, ...extra]];
  table.slice(named ? 1 : 0).forEach((row, i) => {
    const r = records[i];
    if (r) lines.push([...names.map((_, c) => row[c] ?? ""), ...heads.flatMap((h) => {
      const { label, prob } = answerOf(h, r[h.name]);
      const cells = prob === null ? ["", ""] : [label, prob.toFixed(4)];
      return h.kind === "number" ? cells.slice(0, 1) : cells;
    })]);
  });
  return lines.map((l) => l.map(quote).join(",") + "\r\n").join("");
}

function download(name, type, content) {
  const a = make("a");
  a.href = URL.createObjectURL(new Blob([content], { type }));
  a.download = $("name").textContent.replace(/\.[^.]*$/, "") + name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
}

export function setUpFiles() {
  const drop = $("drop");
  for (const type of ["dragenter", "dragover"]) document.addEventListener(type, (e) => {
    e.preventDefault();
    drop.classList.add("over");
  });
  for (const type of ["dragleave", "drop"]) document.addEventListener(type, (e) => {
    e.preventDefault();
    if (type === "drop" || !e.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (e) => {
    if (e.dataTransfer.files[0]) open(e.dataTransfer.files[0]);
  });
  $("file").addEventListener("change", (e) => {
    if (e.target.files[0]) open(e.target.files[0]);
    e.target.value = "";
  });
  $("header").addEventListener("change", columns);
  $("choose").addEventListener("submit", (e) => {
    e.preventDefault();
    label();
  });
  $("cancel").addEventListener("click", () => stop?.abort());
  $("csv").addEventListener("click", () => download("-labelled.csv", "text/csv", toCSV(rows, done.named, results, done.heads)));
  $("jsonl").addEventListener("click", () => download("-labelled.jsonl", "application/x-ndjson", results.flatMap((r, i) => (r ? [JSON.stringify({ text: done.texts[i], ...r, id: String(i + 1) }) + "\n"] : [])).join("")));
}
