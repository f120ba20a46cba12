// The page that shows the player alone: `player.html?lesson=ID[&camera=ID]`, or `player.html?live=CAMERA`.
import { watch } from "./live.mjs";
import { play } from "./player.mjs";

const asked = new URLSearchParams(location.search);
const element = document.querySelector("#player");

if (asked.get("live")) {
  element.querySelector("video").controls = false;
  window.playback = watch(element, { camera: asked.get("live"), stream: asked.get("stream") ?? "sub" });
} else {
  const hls = asked.get("hls") !== "0";
  const player = await play(element, { lesson: asked.get("lesson"), camera: asked.get("camera") ?? "", hls });
  const choice = document.querySelector("#camera");
  for (const { id, name } of player.show?.cameras ?? []) choice.append(new Option(name, id));
  choice.value = player.camera;
  choice.hidden = choice.options.length < 2;
  choice.addEventListener("change", () => player.load(choice.value));
  const button = document.querySelector("#download");
  button.hidden = !player.show?.pieces.length;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await player.download((share) => { button.textContent = `下载 ${Math.round(share * 100)}%`; });
    } finally {
      button.disabled = false;
    }
  });
  window.playback = player;
}
