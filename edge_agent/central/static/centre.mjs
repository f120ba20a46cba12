// Plays the files of a lesson one after the other; checks and sends tables; shows what is told once.
import { call } from './api.mjs';

const player = document.getElementById('player');
const buttons = [...document.querySelectorAll('[data-play]')];

function play(button) {
  const video = player.querySelector('video');
  player.hidden = false;
  video.src = button.dataset.play;
  video.play().catch(() => {});
  for (const each of buttons) each.closest('tr').toggleAttribute('aria-current', each === button);
  video.onended = () => {
    const next = buttons[buttons.indexOf(button) + 1];
    if (next) play(next);
  };
  player.scrollIntoView({ block: 'nearest' });
}

for (const button of buttons) button.addEventListener('click', () => play(button));

// A table: first what it would do, then, ticked where needed, it is sent.
const table = document.getElementById('table');
if (table) {
  const list = document.getElementById('problems');
  const wrong = table.querySelector('.wrong');
  const really = document.getElementById('send');
  const line = (problem) => {
    const item = document.createElement('li');
    item.className = `note ${{ error: 'bad', warning: 'warn' }[problem.severity] ?? ''}`;
    const label = document.createElement('label');
    label.className = 'check';
    if (problem.key) {
      const box = document.createElement('input');
      box.type = 'checkbox';
      box.value = problem.key;
      label.append(box);
    }
    label.append(`${problem.where}：${problem.text}`);
    item.append(label);
    return item;
  };
  const ask = async (go) => {
    const form = new FormData(table);
    const ticked = [...list.querySelectorAll('input:checked')].map((box) => box.value);
    form.set('ticked', ticked.join('\n'));
    form.set('really', go ? 'true' : 'false');
    wrong.textContent = '';
    try {
      const answer = await call('POST', table.dataset.to, form);
      list.replaceChildren(...answer.problems.map(line));
      for (const box of list.querySelectorAll('input')) box.checked = ticked.includes(box.value);
      const blocking = answer.problems.some((problem) => problem.severity === 'error');
      really.hidden = blocking || answer.sent.length > 0;
      document.getElementById('rows').textContent = answer.rows && !answer.sent.length ? table.dataset.rows.replace('0', answer.rows) : '';
      if (answer.sent.length) location.assign(table.dataset.go);
    } catch (error) {
      wrong.textContent = error.message;
    }
  };
  table.addEventListener('submit', (event) => { event.preventDefault(); ask(false); });
  table.addEventListener('change', () => { really.hidden = true; list.replaceChildren(); });
  really.addEventListener('click', () => ask(true));
}

// Passwords and tokens are told once, in place of the form.
for (const form of document.querySelectorAll('[data-once]')) {
  form.addEventListener('done', (event) => {
    const told = document.getElementById('told');
    told.querySelector('code').textContent = event.detail.command ?? event.detail.password;
    const whom = told.querySelector('b');
    if (whom) whom.textContent = event.detail.login ?? '';
    form.closest('dialog')?.close();
    told.showModal();
  });
}

document.addEventListener('click', (event) => {
  const filler = event.target.closest('[data-fill]');
  if (filler) filler.form.elements.command.value = filler.dataset.fill;
});
