// Hands on what the microphone records, in blocks, averaged over its channels.

const BLOCK = 2048; // samples: some 45 ms

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(BLOCK);
    this.filled = 0;
  }

  process([channels]) {
    for (let n = 0; n < (channels[0]?.length ?? 0); n++) {
      let sum = 0;
      for (const channel of channels) sum += channel[n];
      this.block[this.filled++] = sum / channels.length;
      if (this.filled === BLOCK) {
        this.port.postMessage(this.block, [this.block.buffer]);
        this.block = new Float32Array(BLOCK);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
