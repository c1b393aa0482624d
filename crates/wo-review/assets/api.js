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

export function newRequest() {
  // randomUUID is there only where the page is secure, which a page on another machine may not be.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Outbox {
  constructor(onState) {
    this.onState = onState;
    this.waiting = [];
    this.handlers = new Map();
    this.isSending = false;
  }

  // What a page before this one could not send any more.
  restore(reviewer, folder) {
    this.key = `${OUTBOX} ${folder} ${reviewer}`;
    try {
      this.waiting = JSON.parse(localStorage.getItem(this.key) ?? "[]");
    } catch {
      this.waiting = [];
    }
    this.send();
    return this.waiting.length;
  }

  push(path, body) {
    return new Promise((resolve, reject) => {
      this.handlers.set(body.request, { resolve, reject });
      this.waiting.push({ path, body });
      this.keep();
      this.send();
    });
  }

  keep() {
    localStorage.setItem(this.key, JSON.stringify(this.waiting));
  }

  async send() {
    if (this.isSending) return;
    this.isSending = true;
    while (this.waiting.length > 0) {
      this.onState("saving", this.waiting.length);
      const { path, body } = this.waiting[0];
      const result = await post(path, body);
      if (result.again) {
        this.onState("failed", this.waiting.length, result.again);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        continue;
      }
      this.waiting.shift();
      this.keep();
      const handler = this.handlers.get(body.request);
      this.handlers.delete(body.request);
      if (result.refused) {
        this.onState("refused", this.waiting.length, result.refused);
        handler?.reject(new Refused(result.refused));
      } else {
        this.onState("saved", this.waiting.length);
        handler?.resolve(result.answer);
      }
    }
    this.isSending = false;
  }
}

async function post(path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    return { again: "the server does not answer" };
  }
  if (answer.ok) return { answer: await answer.json() };
  const why = await answer.text();
  if (answer.status === 401) return { again: "open the new link that wo-review printed" };
  return answer.status >= 500 ? { again: why } : { refused: why };
}
