// Forms call the API, pages look again when something changed, menus open. Nothing else is needed on most pages.

import { call, keep } from './api.mjs';

const LOOK_MS = 30000; // windows open and close without any change that could be told

function value(field) {
  if (field.type === 'checkbox') return field.checked;
  if (field.value === '' && field.dataset.empty === 'null') return null;
  if (field.dataset.bool !== undefined) return field.value === 'true';
  if (field.type === 'number') return field.value === '' ? null : Number(field.value);
  return field.value;
}

/** Gives a form as JSON, without what stands in a disabled fieldset. Fields of the same name with `data-many` become a list of the ticked values. */
export function collect(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.matches(':disabled') || (field.type === 'radio' && !field.checked)) continue;
    if (field.dataset.omit !== undefined && field.value === '') continue;
    if (field.dataset.many !== undefined) {
      body[field.name] ??= [];
      if (field.type !== 'checkbox' || field.checked) body[field.name].push(field.value);
    } else if (field.multiple) {
      body[field.name] = [...field.selectedOptions].map((option) => option.value);
    } else {
      body[field.name] = value(field);
    }
  }
  return body;
}

async function submit(event) {
  const form = event.target;
  const [method, path] = (form.dataset.api ?? '').split(' ');
  if (!path) return;
  event.preventDefault();
  if (form.dataset.sure && !confirm(form.dataset.sure)) return;
  if (form.dataset.busy) return;
  form.dataset.busy = '1';
  const wrong = form.querySelector('.wrong');
  if (wrong) wrong.textContent = '';
  const buttons = [...document.querySelectorAll('button')].filter((button) => button.form === form);
  for (const button of buttons) button.disabled = true;
  try {
    const multipart = form.enctype === 'multipart/form-data';
    const fields = multipart ? new FormData(form) : collect(form);
    if (form.dataset.file !== undefined) {
      await keep(method, path, fields);
      form.closest('dialog')?.close();
      return;
    }
    const answer = await call(method, path, method === 'DELETE' || form.dataset.bare !== undefined ? undefined : fields);
    if (form.dataset.done !== undefined) {
      form.dispatchEvent(new CustomEvent('done', { detail: answer, bubbles: true }));
    } else {
      location.assign(form.dataset.go || answer.go || location.href);
    }
  } catch (error) {
    if (wrong) {
      wrong.textContent = error.message;
      wrong.focus?.();
    } else {
      alert(error.message);
    }
  } finally {
    delete form.dataset.busy;
    for (const button of buttons) button.disabled = false;
  }
}

/** Loads this page again in the background and takes over its live parts, unless a person is typing in one. */
async function lookAgain() {
  const parts = [...document.querySelectorAll('[data-live]')];
  const response = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (response.redirected) location.assign(response.url);
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
  for (const part of parts) {
    const next = fresh.getElementById(part.id);
    const typing = part.contains(document.activeElement) && document.activeElement.matches('input:not([type=checkbox]), select, textarea');
    if (!next || typing || part.innerHTML === next.innerHTML) continue;
    const ticked = [...part.querySelectorAll('input:checked')].map((input) => input.value);
    part.replaceChildren(...next.childNodes);
    for (const input of part.querySelectorAll('input')) if (ticked.includes(input.value)) input.checked = true;
    part.dispatchEvent(new CustomEvent('live', { bubbles: true }));
  }
}

function listen() {
  if (!document.querySelector('[data-live]')) return;
  const source = new EventSource('/live');
  let busy = Promise.resolve();
  const look = () => { busy = busy.then(lookAgain).catch(() => {}); };
  source.addEventListener('changed', look);
  // What changed between the page and its line, or while the line was down, nobody tells.
  source.addEventListener('open', look);
  setInterval(look, LOOK_MS);
  const banner = document.getElementById('offline');
  source.addEventListener('error', () => { if (banner) banner.hidden = false; });
  source.addEventListener('open', () => { if (banner) banner.hidden = true; });
  addEventListener('pagehide', () => source.close());
}

/** Gives each cell its column's heading: on a phone a row is shown as a card, and says what each line is. */
export function nameCells(root = document) {
  for (const table of root.querySelectorAll('.scroll > table')) {
    const headings = [...table.querySelectorAll('thead th')].map((heading) => heading.textContent.trim());
    for (const row of table.querySelectorAll('tbody tr')) {
      [...row.cells].forEach((cell, column) => { if (headings[column] && cell.colSpan === 1) cell.dataset.label = headings[column]; });
    }
  }
}

document.addEventListener('live', (event) => nameCells(event.target));
document.addEventListener('submit', submit);
document.addEventListener('click', (event) => {
  const opener = event.target.closest('[data-open]');
  if (opener) document.getElementById(opener.dataset.open).showModal();
  if (event.target.closest('[data-close]')) event.target.closest('dialog').close();
  if (event.target.closest('[data-menu]')) document.querySelector('.side').classList.toggle('open');
  if (event.target.closest('[data-print]')) print();
  const record = event.target.closest('[data-record]');
  if (record) {
    record.disabled = true;
    call('POST', '/api/v1/recordings', { lessons: [record.dataset.record], action: 'start' })
      .then(() => location.reload(), (error) => { alert(error.message); record.disabled = false; });
  }
  const all = event.target.closest('[data-tick]');
  if (all) for (const box of document.querySelectorAll(`#${all.dataset.tick} input[type=checkbox]`)) box.checked = all.checked ?? true;
});
document.addEventListener('change', (event) => {
  const field = event.target;
  if (field.type === 'file') {
    const told = field.parentElement.querySelector('[data-chosen]');
    if (told) told.textContent = [...field.files].map((file) => file.name).join(' ');
  }
  if (field.id === 'way') {
    for (const set of document.querySelectorAll('fieldset[data-way]')) set.hidden = set.disabled = set.dataset.way !== field.value;
  }
  if (field.dataset.goto !== undefined) {
    const target = new URL(location.href);
    for (const name of ['page', field.dataset.drop]) target.searchParams.delete(name);
    if (field.value) target.searchParams.set(field.name, field.value);
    else target.searchParams.delete(field.name);
    location.assign(target);
  }
});
nameCells();
listen();
