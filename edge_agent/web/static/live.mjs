// 实时监控: every camera of the page, from its substream.
import { watch } from '/playback/live.mjs';

for (const figure of document.querySelectorAll('figure.live[data-camera]')) {
  watch(figure, { camera: figure.dataset.camera });
}
