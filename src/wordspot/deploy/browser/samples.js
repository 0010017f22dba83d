// Arrays of samples.

/** Puts blocks of samples behind each other. */
export function joined(...blocks) {
  const whole = new Float32Array(blocks.reduce((length, block) => length + block.length, 0));
  let first = 0;
  for (const block of blocks) {
    whole.set(block, first);
    first += block.length;
  }
  return whole;
}

/** Cuts samples into blocks of `size`, the last of which may be shorter. */
export function* inBlocks(samples, size) {
  for (let first = 0; first < samples.length; first += size) yield samples.slice(first, first + size);
}

/** Averages channels of the same length to one. */
export function toMono(channels) {
  const mono = new Float32Array(channels[0].length);
  for (const channel of channels) for (let n = 0; n < mono.length; n++) mono[n] += channel[n] / channels.length;
  return mono;
}
