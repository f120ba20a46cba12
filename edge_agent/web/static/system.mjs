// 系统: pairing codes are shown once; the time is confirmed with what this browser's clock says beside it.

import { call } from './api.mjs';

document.addEventListener('done', (event) => {
  if (!event.target.classList.contains('code')) return;
  const note = document.getElementById('code');
  note.querySelector('.pin').textContent = event.detail.code;
  note.hidden = false;
  note.scrollIntoView({ block: 'center' });
});

const time = document.getElementById('time');
if (time) {
  const field = time.querySelector('[type=datetime-local]');
  const local = new Date(Date.now() - new Date().getTimezoneOffset() * 60000);
  field.value = local.toISOString().slice(0, 19);
  time.addEventListener('submit', () => {
    time.elements.at.value = new Date(field.value).toISOString();
    time.elements.browser.value = new Date().toISOString();
  }, true);
}

const look = document.getElementById('look');
look?.addEventListener('click', async () => {
  const label = look.textContent;
  const wrong = look.form.querySelector('.wrong');
  look.disabled = true;
  look.textContent = look.dataset.busy;
  wrong.textContent = '';
  try {
    const { items } = await call('GET', '/api/v1/system/wifi');
    document.getElementById('networks').replaceChildren(...items.map((each) => new Option(`${each.signal}%`, each.ssid)));
    look.form.elements.ssid.placeholder = items.map((each) => each.ssid).join(' · ');
  } catch (error) {
    wrong.textContent = error.message;
  }
  look.disabled = false;
  look.textContent = label;
});
