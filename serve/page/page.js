// Answers a text as one types.
import { call, setToken } from "./backend.js";
import { setUpFiles } from "./files.js";

const $ = (id) => document.getElementById(id);

// make returns an element with text, a class, and elements in it.
export function make(tag, text, className, ...children) {
  const e = document.createElement(tag);
  if (text !== undefined && text !== null) e.textContent = text;
  if (className) e.className = className;
  e.append(...children);
  return e;
}

export const percent = (p) => (p === null ? "" : (100 * p).toFixed(p > 0.9995 || p < 0.0995 ? 1 : 0) + " %");

export function say(err) {
  $("problem").hidden = !err;
  if (err?.status === 401) $("entrance").hidden = false;
  if (err) $("problem").textContent = err.message;
}

// bars is a list of names with a bar and a text each.
export function bars(rows) {
  const dl = make("dl");
  for (const { name, share, text, best } of rows) {
    const fill = make("div", null, best ? "fill best" : "fill");
    fill.style.width = 100 * share + "%";
    const track = make("div", null, "track", fill);
    track.setAttribute("aria-hidden", "true");
    dl.append(make("dt", name), make("dd", null, "", track), make("dd", text));
  }
  return dl;
}

let cards = []; // of the models
const card = () => cards[$("model").selectedIndex] ?? cards[0];
export const which = () => ({ model: card().model, version: card().version });
export const headsOf = () => card().heads;
export const ready = () => cards.length > 0;

// answerOf says what a head answers; prob is null where it has no answer, as for a text without words.
export function answerOf(head, score) {
  if (head.kind === "number") return score.value === null ? { label: "none", prob: null } : { label: String(score.value), prob: 1 };
  if (head.kind === "labels") return { label: (score.labels ?? []).join(", ") || "none", prob: score.prob };
  return { label: score.label ?? "none", prob: score.prob };
}

function showHead(head, score) {
  const { label } = answerOf(head, score);
  const rows = Object.entries(score.probs ?? {}).map(([name, p]) => ({ name, share: p, text: percent(p), best: name === label }));
  return make("div", null, "card", make("h3", null, "", make("span", head.name), make("b", label)), bars(rows));
}

// cut returns a function that cuts a text by byte offsets, as the server counts.
function cut(text) {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  return (start, end) => decoder.decode(bytes.subarray(start, end ?? bytes.length));
}

function showWords(text, explanation) {
  const piece = cut(text);
  const most = Math.max(...explanation.words.map((w) => Math.abs(w.score)), 0.5);
  const marked = [];
  const rows = [];
  let at = 0;
  for (const w of explanation.words) {
    marked.push(piece(at, w.start));
    const degree = Math.min(5, Math.ceil((5 * Math.abs(w.score)) / most - 0.5));
    const weight = (w.score >= 0 ? "+" : "−") + Math.abs(w.score).toFixed(2);
    const m = make("mark", piece(w.start, w.end), degree > 0 ? (w.score > 0 ? "for-" : "against-") + degree : "");
    if (w.unknown) m.classList.add("unknown");
    m.title = weight + (w.unknown ? ", not in the vocabulary" : "");
    marked.push(m);
    rows.push(make("tr", null, "", make("td", piece(w.start, w.end)), make("td", weight, "number"), make("td", w.unknown ? "no" : "yes")));
    at = w.end;
  }
  marked.push(piece(at));
  $("marked").replaceChildren(...marked);
  $("weights").replaceChildren(...rows);
}

function showSentences(sentences) {
  $("sentences").hidden = sentences.length < 2;
  $("list").replaceChildren(...sentences.map((s) => {
    const answers = headsOf().map((h) => {
      const { label, prob } = answerOf(h, s[h.name]);
      return h.kind === "number" ? `${h.name} ${label}` : `${h.name}: ${label} ${percent(prob)}`.trim();
    });
    return make("li", s.text, "", make("small", answers.join(" · ")));
  }));
}

// labelChoices lists what words can speak for.
function labelChoices() {
  const select = $("label");
  select.replaceChildren();
  for (const h of headsOf()) {
    const group = make("optgroup");
    group.label = h.name;
    const add = (text, label) => {
      const o = make("option", text);
      o.value = JSON.stringify({ head: h.name, label });
      group.append(o);
    };
    add(h.kind === "number" ? "its number" : "its likeliest label", "");
    for (const label of h.labels ?? []) add(label, label);
    select.append(group);
  }
}

let busy; // AbortController of the question that is being asked
let pause = 120; // milliseconds of rest before a question
let waiting = 0;

function changed() {
  clearTimeout(waiting);
  waiting = setTimeout(answer, pause);
}

async function answer() {
  busy?.abort();
  const text = $("text").value;
  if (!ready()) return; // begin answers what is there once it knows the models
  if (!text.trim()) {
    for (const id of ["answers", "words", "sentences"]) $(id).hidden = true;
    $("status").textContent = "";
    return;
  }
  const { signal } = (busy = new AbortController());
  const begin = performance.now();
  try {
    const { results: [record] } = await call("v1/classify", { ...which(), text, sentences: true }, signal);
    say();
    const heads = headsOf();
    $("heads").replaceChildren(...heads.map((h) => showHead(h, record[h.name])));
    showSentences(record.sentences);
    $("answers").hidden = false;
    const unknown = record.unknown ? `, ${record.unknown} of them unknown` : "";
    const foreign = record.language ? "This is no language that the model reads. " : "";
    $("status").textContent = foreign + heads.map((h) => `${h.name}: ${answerOf(h, record[h.name]).label}`).join(", ") + `. ${record.tokens} words and signs${unknown}.`;
    $("words").hidden = Boolean(foreign);
    if (foreign) return;
    const explanation = await call("v1/explain", { ...which(), text, ...JSON.parse($("label").value) }, signal);
    showWords(text, explanation);
    $("words").hidden = false;
    pause = Math.min(1500, Math.max(120, performance.now() - begin));
  } catch (err) {
    if (err.name !== "AbortError") say(err);
    if (err.again) waiting = setTimeout(answer, 1000 * err.again);
  }
}

function showCard() {
  const c = card();
  const facts = [["Name", c.card.name || c.model], ["Description", c.card.description], ["Licence", c.card.license], ["Version", c.version + (c.revision ? `, file ${c.revision}` : "")]];
  for (const h of c.heads) facts.push([h.name, h.labels?.join(", ") ?? "a number"]);
  facts.push(["Trained on", c.card.data?.join(", ")], ["Words", c.words.toLocaleString("en")], ["Weights", c.weights.toLocaleString("en")], ["Pipeline", c.pipeline]);
  for (const [name, value] of Object.entries(c.card.figures ?? {}).sort()) facts.push([name, String(Math.round(1e4 * value) / 1e4)]);
  $("facts").replaceChildren(...facts.filter(([, v]) => v).flatMap(([n, v]) => [make("dt", n), make("dd", v)]));
}

async function begin() {
  try {
    cards = (await call("v1/models")).models;
  } catch (err) {
    say(err);
    return;
  }
  say();
  $("entrance").hidden = true;
  $("model").replaceChildren(...cards.map((c) => make("option", c.version === "1" ? c.model : `${c.model} ${c.version}`)));
  $("model").selectedIndex = Math.max(0, cards.findIndex((c) => c.default));
  $("models").hidden = cards.length < 2;
  switched();
}

function switched() {
  labelChoices();
  showCard();
  answer();
}

$("entrance").addEventListener("submit", (e) => {
  e.preventDefault();
  setToken($("token").value);
  begin();
});
$("text").addEventListener("input", changed);
$("label").addEventListener("change", answer);
$("model").addEventListener("change", switched);
setUpFiles();
begin();
