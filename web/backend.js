// Who answers the page: here a worker of this browser. Nothing leaves the machine.
const worker = new Worker("worker.js");
const queue = []; // questions that wait, the first of them being asked
let alive = true;

export function setToken() {}

// Problem is an answer that is none.
export class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
    this.again = 0;
  }
}

function ask() {
  while (queue[0]?.signal?.aborted) queue.shift();
  if (queue.length > 0) worker.postMessage([queue[0].path, queue[0].body]);
}

worker.onmessage = ({ data: [status, text] }) => {
  const { resolve, reject } = queue.shift();
  const answer = JSON.parse(text);
  if (status === 200) resolve(answer);
  else reject(new Problem(status, (answer.field ? answer.field + ": " : "") + answer.error));
  ask();
};

worker.onerror = (e) => {
  alive = false;
  for (const { reject } of queue.splice(0)) reject(new Problem(0, "The model cannot be loaded: " + (e.message ?? "")));
};

// call asks for a path with a body, none for GET, and returns the JSON that answers. Who aborts
// is told so at once, as fetch does, also while the worker is at the question.
export function call(path, body, signal) {
  if (!alive) return Promise.reject(new Problem(0, "The model could not be loaded."));
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
    queue.push({ path, body: JSON.stringify(body ?? null), signal, resolve, reject });
    if (queue.length === 1) ask();
  });
}

// The first answer does not wait for a copy of the files; without one the page needs a network.
worker.addEventListener("message", () => navigator.serviceWorker?.register("offline.js").catch(() => {}), { once: true });
