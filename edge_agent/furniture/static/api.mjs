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

const BOTH = /^(.*?[一-鿿].*?)\s*\/ (.+)$/s;
const BRACKETS = /[(（]([^()（）]*[一-鿿][^()（）]*)[)）]/g;

/** Messages are `Chinese / English`, or English with the Chinese in brackets; a page says those of its language. */
export function spoken(problem) {
  const chinese = document.documentElement.lang.startsWith('zh');
  if (BOTH.test(problem.detail)) {
    const said = [problem.detail, problem.do].filter(Boolean).map((text) => BOTH.exec(text)?.[chinese ? 1 : 2] ?? text);
    return said.join(chinese ? '。' : ' ');
  }
  const inside = [...problem.detail.matchAll(BRACKETS)].map((match) => match[1]);
  if (chinese && inside.length) return inside.join('；');
  return `${problem.detail} ${problem.do ?? ''}`.trim();
}
