// Talks to the server. What a person decides goes through the outbox: in order, one at a time, kept in the browser until the
// server says that it is on its disk. A request that is sent twice counts once, so that sending again is safe.

const OUTBOX = "wo-review outbox";
const AGAIN_MS = 1000;

export class Refused extends Error {}

export async function get(path) {
  const answer = await fetch(path);
  if (answer.status === 401) throw new Refused("open the new link that wo-review printed");
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

// What the page needs once. The secret of the link, which stands behind `#` and so in no server's log, is traded for a cookie.
export async function openSession() {
  const token = location.hash.slice(1);
  if (!token) return get("/api/session");
  history.replaceState(null, "", "/");
  const { answer } = await post("/api/enter", { token });
  // A link that was used before is no harm to the browser that used it.
  return answer ?? get("/api/session");
}

function newRequest() {
  // randomUUID is there only where the page is secure, which a page on another machine may not be.
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

  // What a page before this one could not send any more, or one beside it has not sent yet.
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
    // Never the same time twice: it is the order.
    this.lastAt = Math.max(Date.now(), this.lastAt + 1);
    const entry = { at: this.lastAt, path, body: { request: newRequest(), ...body } };
    return new Promise((resolve, reject) => {
      this.handlers.set(entry.body.request, { resolve, reject });
      this.waiting.push(entry);
      this.keep(entry);
      this.send();
    });
  }

  // Each by itself: another page of the same person has its own.
  keep(entry) {
    try {
      localStorage.setItem(this.prefix + entry.body.request, JSON.stringify(entry));
    } catch {
      // The browser keeps no more; it is sent all the same.
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
        this.onState("failed", result.again);
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

async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) return { answer: await answer.json() };
    const why = await answer.text();
    if (answer.status === 401) return { again: "open the new link that wo-review printed" };
    return answer.status >= 500 ? { again: why } : { refused: why, isConflict: answer.status === 409 };
  } catch {
    return { again: "the server does not answer" };
  }
}
