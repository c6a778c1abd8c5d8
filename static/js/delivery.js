// Sending what a page must not lose: one request after the other, each again until the server answers.

const RETRY_MS = [500, 1000, 2000, 4000, 8000, 15000];
const SIGNED_OUT = "You are signed out. Sign in again in another tab: your answer is kept here and sent afterwards.";
const OFFLINE = "No connection. Your answers are kept here and sent when it is back.";

let line = Promise.resolve();

export const toast = (text, kind = "info") =>
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const isSignedOut = (response) => response.type === "opaqueredirect" || [401, 403].includes(response.status);

export function cookie(name) {
  return document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`))?.[1] ?? "";
}

// One after the other: an undo must not overtake the submit before it.
export function inOrder(work) {
  line = line.then(work, work);
  return line;
}

// Errors come as JSON, because it is asked for. A redirect means the sign-in page, and is not followed.
export async function post(url, body) {
  const headers = { Accept: "application/json", "X-CSRFToken": cookie("csrftoken") };
  return fetch(url, { method: "POST", body: new URLSearchParams(body), headers, redirect: "manual" });
}

// Signing out and a lost network keep the answer and call `onWait`; a refusal is final.
export async function deliver(url, body, onWait) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await post(url, body);
      if (isSignedOut(response)) {
        if (attempt === 0) toast(SIGNED_OUT, "warning");
      } else if (response.status < 500 && response.status !== 429) {
        return response;
      }
    } catch {
      if (attempt === 0) toast(OFFLINE, "warning");
    }
    onWait();
    await wait(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]);
  }
}

export async function messageOf(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `The server refused this (${response.status}).`;
  }
}
