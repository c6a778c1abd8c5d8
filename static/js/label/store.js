// What waits to be sent, in IndexedDB: kept across reload and close, apart for each person and project.
// No page text goes in: an answer names its place, and the server knows the rest.

const NAME = "crossguard";
const STORE = "waiting";
const PATIENCE_MS = 5000; // a storage that hangs must not keep a person from labelling

let database = null;
let isDurable = true;

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function open() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ["owner", "id"] });
  return done(request);
}

async function store(mode) {
  database ??= open();
  return (await database).transaction(STORE, mode).objectStore(STORE);
}

const readAll = async (range) => done((await store("readonly")).getAll(range));

function soon(promise) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer from storage")), PATIENCE_MS));
  return Promise.race([promise, late]);
}

// Whether what is kept here outlives the page; some private windows refuse storage.
export const keeps = () => isDurable;

export async function allOf(owner) {
  try {
    const range = IDBKeyRange.bound([owner, 0], [owner, Infinity]);
    return await soon(readAll(range));
  } catch (error) {
    isDurable = false;
    console.warn("Answers cannot be kept in this browser:", error);
    return [];
  }
}

export async function keep(entry) {
  if (isDurable) await done((await store("readwrite")).put(entry));
}

export async function forget({ owner, id }) {
  if (isDurable) await done((await store("readwrite")).delete([owner, id]));
}
