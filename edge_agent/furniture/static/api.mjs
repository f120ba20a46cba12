// Calls of the API. Imported under one address by every module: what has effects of its own is in app.mjs.

export const csrf = document.querySelector('meta[name="csrf"]')?.content ?? '';

/** Calls the API; gives the answer's JSON, or throws an Error whose message is for the person. */
export async function call(method, path, body) {
  const response = await send(method, path, body);
  return response.status === 204 ? {} : response.json();
}

/** Calls the API and lets the browser keep the file that it answers. */
export async function keep(method, path, body) {
  const response = await send(method, path, body);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? '';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function send(method, path, body) {
  const headers = { Accept: 'application/json', 'X-CSRF-Token': csrf };
  if (body !== undefined && !(body instanceof FormData) && !(body instanceof Blob)) {
    headers['Content-Type'] = 'application/json';
    body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, { method, headers, body });
  } catch {
    throw new Error(document.body.dataset.offline);
  }
  if (response.ok) return response;
  const answer = await response.json();
  const error = new Error(spoken(answer));
  error.problem = answer;
  throw error;
}

const SENTENCES = /^([^/]*[。！？])\s*([A-Z].*)$/s;
const PAIR = /([^\s:：;；/][^:：;；/]*[一-鿿][^:：;；/]*?|[一-鿿])\s*\/ ([^;；]*)/g;
const BRACKETS = /[(（]([^()（）]*[一-鿿][^()（）]*)[)）]/g;

/** Gives a problem in the page's language; its texts say both, in the forms that `spoken` of words.py names. */
export function spoken(problem) {
  const chinese = document.documentElement.lang.startsWith('zh');
  const inside = problem.detail.match(PAIR) ? [] : [...problem.detail.matchAll(BRACKETS)].map((match) => match[1]);
  if (chinese && inside.length) return inside.join('；');
  const said = [problem.detail, problem.do].filter(Boolean).map((text) => oneOf(text, chinese));
  return said.join(chinese ? '。' : ' ');
}

function oneOf(text, chinese) {
  const sentences = SENTENCES.exec(text);
  if (sentences) return sentences[chinese ? 1 : 2];
  const one = text.replace(PAIR, chinese ? '$1' : '$2');
  return chinese ? one : one.replace(BRACKETS, '').replace(/ +([ .;:]|$)/g, '$1');
}
