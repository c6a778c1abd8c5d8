// Requests to the server, and what its answers say.

import { form } from "./desk.js";

const TIMEOUT_MS = 20_000;

export function cookie(name) {
  return document.cookie.match(new RegExp(`(?:^|; )${name}=([^;]*)`))?.[1] ?? "";
}

// Errors come as JSON, because it is asked for. A redirect means the sign-in page, and is not followed.
export async function post(url, body) {
  body.set("owner", form.elements.owner.value);
  const headers = { Accept: "application/json", "X-CSRFToken": cookie("csrftoken") };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return fetch(url, { method: "POST", body: new URLSearchParams(body), headers, redirect: "manual", signal });
}

export const isSignedOut = (response) => response.type === "opaqueredirect" || [401, 403].includes(response.status);

// The server is there, and may answer another time.
export const isBusy = (response) => response.status >= 500 || response.status === 429;

export async function errorOf(response) {
  try {
    return (await response.json()).error;
  } catch {
    return { message: `The server refused this (${response.status}).` };
  }
}

export const messageOf = async (response) => (await errorOf(response)).message;

// crypto.randomUUID wants https; this does not.
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
