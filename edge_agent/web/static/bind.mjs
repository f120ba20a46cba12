// 绑定设备: one way at a time, a search, and a picture at the end.

import { call, spoken } from './api.mjs';

const way = document.getElementById('way');
const list = document.getElementById('found');
document.getElementById('search')?.addEventListener('click', async (event) => {
  event.target.disabled = true;
  list.replaceChildren(empty(list.dataset.busy));
  try {
    const found = await call('POST', '/api/v1/cameras/search', { targets: [] });
    list.replaceChildren(...(found.length ? found.map(row) : [empty(list.dataset.none)]));
  } catch (error) {
    list.replaceChildren(empty(error.message));
  }
  event.target.disabled = false;
});

function empty(text) {
  const item = document.createElement('li');
  item.className = 'empty';
  item.textContent = text;
  return item;
}

function row(found) {
  const item = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'end';
  button.textContent = list.dataset.use;
  button.addEventListener('click', () => {
    way.value = 'host';
    way.dispatchEvent(new Event('change', { bubbles: true }));
    const form = document.getElementById('bind');
    form.elements.host.value = found.host;
    form.elements.user.focus();
  });
  item.append([found.maker, found.model, found.host, found.serial].filter(Boolean).join(' · '), button);
  return item;
}

document.getElementById('test')?.addEventListener('done', (event) => {
  const report = event.detail;
  const warnings = report.warnings.map((detail) => spoken({ detail }));
  const text = [report.ok ? event.target.dataset.ok : spoken({ detail: report.words, do: report.do }), ...warnings];
  event.target.querySelector('.wrong').textContent = text.join(' ');
});

const picture = document.getElementById('picture');
const TRIES = 5;
const PAUSE = 2000; // ms: the recorder comes to know a camera that was bound a moment ago

async function look(image, status, tries) {
  const response = await fetch(image.dataset.src);
  if (response.ok) {
    image.src = URL.createObjectURL(await response.blob());
    image.hidden = false;
    status.hidden = true;
  } else if (tries > 1) {
    setTimeout(() => look(image, status, tries - 1), PAUSE);
  } else {
    status.textContent = spoken(await response.json());
  }
}
if (picture) look(picture, picture.nextElementSibling, TRIES).catch((error) => { picture.nextElementSibling.textContent = error.message; });
