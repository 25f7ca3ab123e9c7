/** What Kavita's page takes for granted of a browser, one answer each in window.answers. */

import { AudioEngine } from "/static/js/audio/engine.js";
import { h, render } from "/static/vendor/preact.js";
import htm from "/static/vendor/htm.js";
import { signal } from "/static/vendor/signals.js";

const LISTEN_MS = 3500;

const answers = (window.answers = { violations: [], pcm: [] });
addEventListener("securitypolicyviolation", (event) => answers.violations.push(event.blockedURI));

const count = signal(0);
const html = htm.bind(h);
const Counter = () => html`<p class="count" onClick=${() => count.value++}>Count ${count}</p>`;
render(html`<${Counter} />`, document.getElementById("mount"));

const finish = () => (document.body.dataset.done = "yes");

document.getElementById("start").onclick = async () => {
  const clicked = performance.now();
  const engine = new AudioEngine({
    onFrame: (pcm) => answers.pcm.push(...new Int16Array(pcm)),
    onPlayback: () => {},
    onSound: (running) => {
      if (running) answers.soundMs ??= Math.round(performance.now() - clicked);
    },
    onMicrophoneLost: () => {},
  });
  engine.unlock();
  await engine.prepare();
  const { context } = engine;
  const began = context.currentTime;
  const beganAt = performance.now();
  try {
    await engine.openMicrophone(false);
  } catch (error) {
    Object.assign(answers, { error: error.reason, detail: error.message });
    return finish();
  }
  engine.listen();
  setTimeout(() => {
    const advanced = (context.currentTime - began) / ((performance.now() - beganAt) / 1000);
    Object.assign(answers, { state: context.state, rate: context.sampleRate, advanced });
    finish();
  }, LISTEN_MS);
};
