// A trained network in the browser: what gatewise/widgets/network.py hands over, and a run of it.
// Names and shapes are those of that file; the arithmetic is that of cells.js.
import { gru, lstm, rnn } from "./cells.js";

export const CELLS = { rnn, lstm, gru };

/** An array sent as `dtype:base64`, as doubles. */
function unpacked(text) {
  const [dtype, data] = text.split(":");
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const Kind = { float32: Float32Array, float64: Float64Array }[dtype];
  return Float64Array.from(new Kind(bytes.buffer));
}

const unpackedAll = (named) => Object.fromEntries(Object.entries(named).map(([k, v]) => [k, unpacked(v)]));

/** The network with its arrays unpacked. */
export function load({ layers, embedding, W, b, ...rest }) {
  const optional = Object.entries({ embedding, W, b }).filter(([, text]) => text);
  return { ...rest, layers: layers.map(unpackedAll), ...unpackedAll(Object.fromEntries(optional)) };
}

/** What the first layer reads for these token ids: (T, D). */
export function vectors({ D, embedding }, ids) {
  const x = new Float64Array(ids.length * D);
  ids.forEach((id, t) => (embedding ? x.set(embedding.subarray(id * D, (id + 1) * D), t * D) : (x[t * D + id] = 1)));
  return x;
}

/** The rows of (T, size) in reverse order. */
function reversed(array, size) {
  const other = new array.constructor(array.length);
  for (let n = 0; n < array.length; n += size) other.set(array.subarray(n, n + size), array.length - n - size);
  return other;
}

/** The rows of two arrays (T, size) beside each other: (T, 2 size). */
function beside(a, b, size) {
  const both = new Float64Array(2 * a.length);
  for (let n = 0; n < a.length; n += size) {
    both.set(a.subarray(n, n + size), 2 * n);
    both.set(b.subarray(n, n + size), 2 * n + size);
  }
  return both;
}

/** One layer in one direction over x; time runs as in x also where the layer reads backward. */
function walk({ cell, H }, params, x, clamps, isReverse) {
  const { forward, symbols } = CELLS[cell];
  if (!isReverse) return forward(params, x, {}, clamps);
  const width = params.W_ih.length / params.b_ih.length;
  const held = Object.fromEntries(Object.entries(clamps).map(([k, v]) => [k, reversed(v, H)]));
  const trace = forward(params, reversed(x, width), {}, held);
  for (const k of symbols) trace[k] = reversed(trace[k], H);
  return trace;
}

/**
 * One sequence through all layers. x: (T, D). clamps: a gate of layer `held`, in the order of h_n,
 * to (T, H), NaN where it is free. Returns a trace for each, and the top layer's outputs.
 */
export function run(network, x, clamps = {}, held = 0) {
  const { layers, directions, H } = network;
  const traces = [];
  let outputs = x;
  for (let n = 0; n < layers.length; n += directions) {
    for (let k = n; k < n + directions; k++) {
      traces.push(walk(network, layers[k], outputs, k === held ? clamps : {}, k > n));
    }
    outputs = directions === 1 ? traces[n].h : beside(traces[n].h, traces[n + 1].h, H);
  }
  return { traces, outputs };
}
