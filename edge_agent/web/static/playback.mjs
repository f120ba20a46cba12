// The recording of a lesson: the part's own player, with this page's choice of cameras and its button.
import { play } from '/playback/player.mjs';

const element = document.getElementById('player');
if (element) {
  const choice = document.getElementById('camera');
  const player = await play(element, { lesson: element.dataset.lesson, camera: choice?.value ?? '' });
  choice?.addEventListener('change', () => player.load(choice.value));

  const button = document.getElementById('download');
  const text = button?.lastChild;
  const label = text?.textContent;
  button?.addEventListener('click', async (event) => {
    event.preventDefault();
    if (button.ariaBusy === 'true') return;
    button.ariaBusy = 'true';
    try {
      await player.download((share) => { text.textContent = `${label} ${Math.round(share * 100)}%`; });
    } catch (error) {
      player.tell(error.message);
    } finally {
      button.ariaBusy = 'false';
      text.textContent = label;
    }
  });
}
