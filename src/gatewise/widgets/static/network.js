// This file runs a trained network that gatewise/widgets/network.py has sent. Both files use the
// same names and shapes.
import { gru, lstm, probabilities, rnn } from "./cells.js";

export const CELLS = { rnn, lstm, gru };

/** Decode base64 text into bytes. The loop needs less memory than `Uint8Array.from`. */
function decoded(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let n = 0; n < bytes.length; n++) bytes[n] = letters.charCodeAt(n);
  return bytes;
}

/** Load a network from a buffer or from base64 text. */
export function load({ weights, bits, lengths, embeds, predicts, ...rest }) {
  const bytes = typeof weights === "string" ? decoded(weights) : weights;
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const numbers = bits === 64 ? new Float64Array(buffer) : new Float32Array(buffer);
  let at = 0;
  const arrays = lengths.map((length) => numbers.subarray(at, (at += length)));
  const table = embeds ? arrays.shift() : undefined;
  const [W, b] = predicts ? arrays.splice(-2) : [];
  const names = ["W_ih", "W_hh", "b_ih", "b_hh"];
  const rows = Array.from({ length: arrays.length / 4 }, (_, n) =>
    Object.fromEntries(names.map((name, k) => [name, Float64Array.from(arrays[4 * n + k])])));
  return { ...rest, rows, table, W, b: b && Float64Array.from(b) };
}

/** Return the first layer's input (T, D) for a list of token ids. */
export function vectors({ D, table }, ids) {
  const x = new Float64Array(ids.length * D);
  ids.forEach((id, t) => (table ? x.set(table.subarray(id * D, (id + 1) * D), t * D) : (x[t * D + id] = 1)));
  return x;
}

/** Return the probabilities after step t. outputs: the top layer's outputs (T, directions · H). */
export function predicted({ H, directions, final, W, b }, outputs, t) {
  const F = H * directions;
  const at = (t) => outputs.subarray(t * F, (t + 1) * F);
  const ends = () => Float64Array.of(...at(outputs.length / F - 1).subarray(0, H), ...at(0).subarray(H));
  return probabilities(final ? ends() : at(t), W, b);
}

/** Return the rows of an array (T, size) in reverse order. */
function reversed(array, size) {
  const other = new array.constructor(array.length);
  for (let n = 0; n < array.length; n += size) other.set(array.subarray(n, n + size), array.length - n - size);
  return other;
}

/** Concatenate two arrays (T, size) row by row. Returns an array (T, 2 size). */
function beside(a, b, size) {
  const both = new Float64Array(2 * a.length);
  for (let n = 0; n < a.length; n += size) {
    both.set(a.subarray(n, n + size), 2 * n);
    both.set(b.subarray(n, n + size), 2 * n + size);
  }
  return both;
}

/** Run one direction of a layer in pieces. Yields the trace for the steps `from` to `to`. */
function* walk({ cell, H, letters }, params, x, clamps, isReverse, { piece, Kind }) {
  const D = params.W_ih.length / params.b_ih.length;
  const T = x.length / D;
  const trace = Object.fromEntries([...letters].map((k) => [k, new Kind(T * H)]));
  const turned = (array, size) => (isReverse ? reversed(array, size) : array);
  let start = {};
  for (let t = 0; t < T; t += piece) {
    const [from, to] = isReverse ? [Math.max(0, T - t - piece), T - t] : [t, Math.min(T, t + piece)];
    const cut = (array, size) => turned(array.subarray(from * size, to * size), size);
    const held = Object.fromEntries(Object.entries(clamps).map(([k, v]) => [k, cut(v, H)]));
    const now = CELLS[cell].forward(params, cut(x, D), start, held);
    for (const k of letters) trace[k].set(turned(now[k], H), from * H);
    start = Object.fromEntries(CELLS[cell].states.map((k) => [`${k}0`, now[k].slice(-H)]));
    yield isReverse ? { trace, from, to: T } : { trace, from: 0, to };
  }
  return trace;
}

/**
 * Run one sequence through all layers, one piece at a time. x: the sequence (T, D). shown: the
 * layer and direction to trace, as an index into h_n. clamps: an array (T, H) for each held gate of
 * the traced layer, with NaN where the gate is free. piece: the number of time steps per piece.
 * Kind: the type of the trace's arrays. Yields {trace, from, to} while the traced layer runs, and
 * undefined while another layer runs. All arrays have the same time order as x. Returns the whole
 * trace and the outputs of the top layer.
 */
export function* reading(network, x, { clamps = {}, shown = 0, piece = 64, Kind = Float64Array } = {}) {
  const { rows, directions, H } = network;
  let [trace, outputs] = [undefined, x];
  for (let n = 0; n < rows.length; n += directions) {
    const sides = [];
    const below = Float64Array.from(outputs);
    for (let k = n; k < n + directions; k++) {
      const isShown = k === shown;
      const pieces = walk(isShown ? network : { ...network, letters: "h" }, rows[k], below, isShown ? clamps : {}, k > n, { piece, Kind });
      let next = pieces.next();
      for (; !next.done; next = pieces.next()) yield isShown ? next.value : undefined;
      sides.push(next.value.h);
      if (isShown) trace = next.value;
    }
    outputs = directions === 1 ? sides[0] : beside(...sides, H);
  }
  return { trace, outputs };
}

/** Run `reading` to the end and return the result. */
export function run(network, x, options) {
  const pieces = reading(network, x, options);
  let next = pieces.next();
  while (!next.done) next = pieces.next();
  return next.value;
}
