// Talks to the server. Decisions go through the outbox: in order, one at a time, kept in the browser until the server has
// them on disk. A repeated request counts once, so sending again is safe.

const OUTBOX = "wo-review outbox";
const AGAIN_MS = 1000;

export class Refused extends Error {}

export async function get(path) {
  const answer = await fetch(path);
  if (answer.status === 401) throw new Refused("open the new link that wo-review printed");
  if (!answer.ok) throw new Error(await reason(answer));
  return answer.json();
}

// What the page needs at start. The secret of the link is behind `#`, so no server logs it. It is exchanged for a cookie.
export async function openSession() {
  const token = location.hash.slice(1);
  if (!token) return get("/api/session");
  history.replaceState(null, "", "/");
  const { answer } = await post("/api/enter", { token });
  // A used link still works in the browser that used it.
  return answer ?? get("/api/session");
}

function newRequest() {
  // randomUUID needs a secure page, which a page of another machine may not be.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Outbox {
  constructor(folder, reviewer, onState) {
    this.prefix = [OUTBOX, ...[folder, reviewer].map(encodeURIComponent), ""].join(" ");
    this.onState = onState;
    this.waiting = [];
    this.handlers = new Map();
    this.isSending = false;
    this.lastAt = 0;
  }

  // Decisions that an earlier page or another open one has not sent yet.
  restore(handler) {
    const known = new Set(this.waiting.map(({ body }) => body.request));
    const kept = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix));
    const found = kept.map((key) => JSON.parse(localStorage.getItem(key))).filter((entry) => entry && !known.has(entry.body.request));
    for (const { body } of found) this.handlers.set(body.request, handler);
    this.waiting = [...this.waiting, ...found].sort((one, other) => one.at - other.at);
    this.send();
    return found.length;
  }

  push(path, body) {
    // Times are unique, since they are the order.
    this.lastAt = Math.max(Date.now(), this.lastAt + 1);
    const entry = { at: this.lastAt, path, body: { request: newRequest(), ...body } };
    return new Promise((resolve, reject) => {
      this.handlers.set(entry.body.request, { resolve, reject });
      this.waiting.push(entry);
      this.keep(entry);
      this.send();
    });
  }

  // One entry each: another page of the same person has its own.
  keep(entry) {
    try {
      localStorage.setItem(this.prefix + entry.body.request, JSON.stringify(entry));
    } catch {
      // The browser has no space to keep it; it is sent anyway.
    }
  }

  async send() {
    if (this.isSending) return;
    this.isSending = true;
    let outdated;
    while (this.waiting.length > 0) {
      this.onState("saving");
      const entry = this.waiting[0];
      const { request } = entry.body;
      const result = await post(entry.path, entry.body);
      if (result.again) {
        this.onState(result.isLost ? "lost" : "failed", result.again);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        continue;
      }
      this.waiting = this.waiting.filter((other) => other !== entry);
      localStorage.removeItem(this.prefix + request);
      const handler = this.handlers.get(request);
      this.handlers.delete(request);
      if (result.refused) {
        if (result.isConflict && entry.path === "/api/decide") outdated = result.refused;
        this.onState("refused", result.refused);
        handler.reject(new Refused(result.refused));
      } else {
        this.onState("saved");
        handler.resolve(result.answer);
      }
    }
    this.isSending = false;
    if (outdated) this.onState("outdated", outdated);
  }
}

// What the server says; a proxy before it says it in HTML, for which there is no place.
async function reason(answer) {
  const isText = answer.headers.get("content-type")?.startsWith("text/plain");
  return (isText && (await answer.text())) || `the server answers ${answer.status}`;
}

async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) return { answer: await answer.json() };
    const why = await reason(answer);
    if (answer.status === 401) return { again: "open the new link that wo-review printed" };
    // The log is not in its place: the text says what happened and what to do.
    if (answer.headers.get("wo-log") === "lost") return { again: why, isLost: true };
    // 408: it came too slowly or in part, so nobody has looked at it.
    const isAgain = answer.status >= 500 || answer.status === 408;
    return isAgain ? { again: why } : { refused: why, isConflict: answer.status === 409 };
  } catch {
    return { again: "the server does not answer" };
  }
}
