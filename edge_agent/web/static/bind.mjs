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
  const text = [report.ok ? event.target.dataset.ok : `${report.words} ${report.do}`, ...report.warnings];
  event.target.querySelector('.wrong').textContent = text.join(' ');
});

const picture = document.getElementById('picture');
if (picture) {
  const status = picture.nextElementSibling;
  fetch(picture.dataset.src).then(async (response) => {
    if (!response.ok) throw new Error(spoken(await response.json()));
    picture.src = URL.createObjectURL(await response.blob());
    picture.hidden = false;
    status.hidden = true;
  }).catch((error) => { status.textContent = error.message; });
}
