// 批量导入: a dry run shows what is wrong by row; warnings are ticked one by one; then the same file is written.

import { call } from './api.mjs';

const form = document.getElementById('import');
const kind = document.getElementById('kind');
const report = document.getElementById('report');
const problems = document.getElementById('problems');
const commit = document.getElementById('commit');
const words = JSON.parse(report.dataset.words);
const chinese = document.documentElement.lang.startsWith('zh');
const LOOK = { error: 'bad', warning: 'warn', notice: '' };

kind.addEventListener('change', () => {
  document.getElementById('template').href = `/api/v1/templates/${kind.value}`;
  report.hidden = true;
});

async function send(dryRun) {
  const body = new FormData(form);
  if (!body.get('class_ref')) body.delete('class_ref');
  body.set('dry_run', String(dryRun));
  for (const box of problems.querySelectorAll('input:checked')) body.append('accept', box.value);
  form.querySelector('.wrong').textContent = '';
  try {
    show(await call('POST', `/api/v1/imports/${kind.value}`, body), dryRun);
  } catch (error) {
    form.querySelector('.wrong').textContent = error.message;
    report.hidden = true;
  }
}

function show(answer, dryRun) {
  const ticked = new Set([...problems.querySelectorAll('input:checked')].map((box) => box.value));
  report.hidden = false;
  problems.replaceChildren(...answer.problems.map((problem) => line(problem, ticked)));
  const wrong = answer.problems.some((problem) => problem.severity === 'error');
  const told = answer.written
    ? words.done.replace(/\{(\w+)\}/g, (_, name) => answer.written[name])
    : wrong ? words.stopped : answer.blocking.length ? words.tick : words.clean;
  document.getElementById('told').textContent = `${words.rows.replace('{n}', answer.rows.length)} · ${told}`;
  commit.hidden = wrong || Boolean(answer.written);
  if (!dryRun && answer.written) form.reset();
  enable();
}

function line(problem, ticked) {
  const box = document.createElement('label');
  box.className = `check note ${LOOK[problem.severity]}`;
  if (problem.severity === 'warning') {
    const tick = document.createElement('input');
    tick.type = 'checkbox';
    tick.value = problem.key;
    tick.checked = ticked.has(problem.key);
    tick.addEventListener('change', enable);
    box.append(tick);
  }
  const text = document.createElement('span');
  const where = problem.row ? words.row.replace('{n}', problem.row) + (problem.column ? ` ${problem.column}` : '') : words.file;
  text.textContent = `${where}：${chinese ? problem.zh : problem.en}`;
  box.append(text);
  return box;
}

function enable() {
  commit.disabled = [...problems.querySelectorAll('input')].some((box) => !box.checked);
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  problems.replaceChildren();
  send(true);
});
commit.addEventListener('click', () => send(false));
