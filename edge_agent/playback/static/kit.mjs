// What recordings and live video share: where the routes are, both languages, elements.

export const BASE = new URL(".", import.meta.url).pathname.replace(/\/$/, "");
const ENGLISH = document.documentElement.lang.startsWith("en");
export const say = (chinese, english) => (ENGLISH ? english : chinese);

export async function ask(path, init) {
  const response = await fetch(`${BASE}/${path}`, { credentials: "same-origin", ...init });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Error(problem.title ?? problem.detail ?? response.statusText);
  }
  return response;
}

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function addStyle() {
  const href = `${BASE}/player.css`;
  if (!document.querySelector(`link[href="${href}"]`)) {
    document.head.append(make("link", { rel: "stylesheet", href }));
  }
}
