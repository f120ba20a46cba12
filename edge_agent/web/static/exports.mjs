// 导出: a password is shown once; the list beside it follows by itself.

document.getElementById('order').addEventListener('done', (event) => {
  const note = document.getElementById('password');
  note.hidden = !event.detail.password;
  note.querySelector('.pin').textContent = event.detail.password;
  if (!event.detail.password) location.reload();
});
