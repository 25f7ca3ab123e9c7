// @ts-check
/** The page's ear and voice: one AudioContext, the microphone's frames up, the agent's PCM down. */

/** Why there is no microphone; `reason` is denied, none, busy, insecure or failed. */
export class MicrophoneError extends Error {
  /** @param {string} reason @param {string} [detail] */
  constructor(reason, detail = "") {
    super(detail || reason);
    this.reason = reason;
  }
}

const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "busy",
  AbortError: "busy",
};

/**
 * @typedef {object} PlaybackReport
 * @property {boolean} playing whether samples are leaving the queue
 * @property {number} energy loudness now, 0 to 1
 * @property {string} [utterance] @property {number} ms of it that have been played
 * @property {boolean} over it will play no further
 * @property {number} underruns times the queue ran dry in mid-utterance
 *
 * @typedef {object} Listener
 * @property {(pcm: ArrayBuffer, level: number) => void} onFrame 20 ms of the microphone
 * @property {(report: PlaybackReport) => void} onPlayback
 * @property {(running: boolean) => void} onSound the context began or ceased to run
 * @property {() => void} onMicrophoneLost the device went away in mid-call
 */

export class AudioEngine {
  /** @param {Listener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {MediaStream | null} */
    this.microphone = null;
    /** @type {AudioWorkletNode | null} */
    this.playback = null;
    /** @type {AudioWorkletNode | null} */
    this.capture = null;
    /** @type {Promise<void> | null} */
    this.prepared = null;
  }

  /** Whether the agent can be heard. */
  get running() {
    return this.context?.state === "running" && this.playback !== null;
  }

  /** Opens the loudspeaker; must be called from the click itself, before anything is awaited. */
  unlock() {
    if (this.context) return;
    const session = /** @type {any} */ (navigator).audioSession;
    if (session) session.type = "play-and-record";
    const context = (this.context = new AudioContext());
    context.onstatechange = () => this.listener.onSound(this.running);
    void context.resume();
    const silence = context.createBufferSource();
    silence.buffer = context.createBuffer(1, 1, context.sampleRate);
    silence.connect(context.destination);
    silence.start();
  }

  /** Loads the worklets, once; resolves when speech can be played. */
  prepare() {
    return (this.prepared ??= this.load());
  }

  async load() {
    const context = /** @type {AudioContext} */ (this.context);
    const modules = ["./playback-worklet.js", "./capture-worklet.js"];
    const urls = modules.map((name) => new URL(name, import.meta.url).href);
    await Promise.all(urls.map((url) => context.audioWorklet.addModule(url)));
    this.playback = new AudioWorkletNode(context, "playback", { numberOfInputs: 0 });
    this.playback.port.onmessage = ({ data }) => this.listener.onPlayback(data);
    this.playback.connect(context.destination);
    this.listener.onSound(this.running);
  }

  /** Tries again to let the agent be heard; call it from a click. */
  async resume() {
    if (this.context?.state === "suspended") await this.context.resume();
  }

  /**
   * Asks for the microphone. Raises MicrophoneError.
   * @param {boolean} processing echo cancellation, noise suppression and gain control
   */
  async openMicrophone(processing) {
    if (!isSecureContext || !navigator.mediaDevices) throw new MicrophoneError("insecure");
    try {
      this.microphone = await navigator.mediaDevices.getUserMedia({ audio: wanted(processing) });
    } catch (error) {
      const { name, message } = /** @type {DOMException} */ (error);
      throw new MicrophoneError(REASONS[name] ?? "failed", message);
    }
    this.microphone.getAudioTracks()[0].onended = () => this.listener.onMicrophoneLost();
  }

  /** Begins to hand over the microphone's frames; after `prepare` and `openMicrophone`. */
  listen() {
    const { context, microphone } = this;
    if (!context || !microphone || this.capture) return;
    const capture = (this.capture = new AudioWorkletNode(context, "capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
    }));
    capture.port.onmessage = ({ data }) => this.listener.onFrame(data.pcm, data.level);
    context.createMediaStreamSource(microphone).connect(capture);
  }

  /** A muted microphone sends silence, so that the server's clock of speech goes on. */
  mute(/** @type {boolean} */ muted) {
    this.microphone?.getAudioTracks().forEach((track) => (track.enabled = !muted));
  }

  /** @param {string} utterance @param {number} rate Hz of the PCM that follows */
  begin(utterance, rate) {
    this.playback?.port.postMessage({ begin: utterance, rate });
  }

  /** @param {ArrayBuffer} pcm */
  play(pcm) {
    const whole = pcm.byteLength % 2 ? pcm.slice(0, -1) : pcm;
    this.playback?.port.postMessage({ pcm: whole }, [whole]);
  }

  end() {
    this.playback?.port.postMessage({ end: true });
  }

  /** Makes what has not been played softer. @param {number} gain */
  lower(gain) {
    this.playback?.port.postMessage({ lower: gain });
  }

  /** Stops in mid-word, or plays on from there. @param {boolean} hold */
  hold(hold) {
    this.playback?.port.postMessage({ hold });
  }

  /** Silences the agent at once. */
  flush() {
    this.playback?.port.postMessage({ flush: true });
  }

  /** Lets go of the microphone; what is queued still plays. */
  closeMicrophone() {
    this.microphone?.getTracks().forEach((track) => track.stop());
    this.microphone = null;
  }

  async close() {
    this.closeMicrophone();
    const { context } = this;
    this.context = null;
    this.playback = null;
    if (context) {
      context.onstatechange = null;
      await context.close();
    }
  }
}

/** @param {boolean} processing @returns {MediaTrackConstraints} */
function wanted(processing) {
  return {
    // "all" also removes what Web Audio plays; a browser that does not know it reads it as true.
    echoCancellation: processing ? /** @type {any} */ ("all") : false,
    noiseSuppression: processing,
    autoGainControl: processing,
    channelCount: 1,
  };
}
