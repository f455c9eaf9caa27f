// Who answers the page: here the server that it came from.
let token = "";

export function setToken(value) { token = value; }

// Problem is an answer that is none; again says after how many seconds it may be one.
export class Problem extends Error {
  constructor(status, message, again) {
    super(message);
    this.status = status;
    this.again = again;
  }
}

// call asks for a path with a body, none for GET, and returns the JSON that answers.
export async function call(path, body, signal) {
  const headers = {};
  if (token) headers.Authorization = "Bearer " + token;
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body), signal });
  } catch (err) {
    if (err.name === "AbortError") throw err;
    throw new Problem(0, "The server cannot be reached.", 2);
  }
  if (response.ok) return response.json();
  const answer = await response.json().catch(() => ({}));
  const field = answer.field ? answer.field + ": " : "";
  throw new Problem(response.status, field + (answer.error ?? response.statusText), Number(response.headers.get("Retry-After")) || 0);
}
