// This file contains the forward and backward passes of the three cells for one sequence, and other
// calculations for the widgets. It uses the same names and equations as gatewise/cells/*.py, in the
// same order. A test compares the results.
//
// There are T time steps, D input features and H hidden units. Every array is a row-major
// Float64Array.
// params: the weights W_ih (rows, D) and W_hh (rows, H), and the biases b_ih and b_hh (rows), with
//   the gates in torch's order.
// cell.forward(params, x, start, clamps) returns a trace with an array (T, H) for each symbol, and
//   the pre-activations a (T, rows). x: the inputs (T, D). start: the initial states (zero by
//   default) and, for a GRU, reset_after. clamps: an array (T, H) for each held gate, with NaN
//   where the gate is free.
// cell.backward(params, trace, dh, dc) returns the gradients of a loss, each named after its
//   variable. dh: the gradient with respect to the outputs h (T, H). dc: the gradient with
//   respect to an LSTM's cell states (T, H).

export const sigmoid = (a) => 1 / (1 + Math.exp(-a));
export const logit = (share) => Math.log(share / (1 - share));

// ── vectors and matrices ────────────────────────────────────────────────────────────────────
/** Return row t of an array (T, size) as a view. */
const row = (array, t, size) => array.subarray(t * size, (t + 1) * size);

/** Return W v + b. If v has few nonzero entries, the function reads only a few columns of W. */
function affine(W, v, b) {
  const a = b.slice();
  const used = [];
  for (let k = 0; k < v.length; k++) if (v[k] !== 0) used.push(k);
  if (4 * used.length < v.length) {
    for (const k of used) for (let j = 0, n = k; j < a.length; j++, n += v.length) a[j] += W[n] * v[k];
    return a;
  }
  const K = v.length;
  let j = 0;
  for (; j + 3 < a.length; j += 4) {
    // Processing four rows at a time is faster, since the four sums don't wait for each other.
    let [a0, a1, a2, a3] = [a[j], a[j + 1], a[j + 2], a[j + 3]];
    for (let k = 0, n = j * K; k < K; k++, n++) {
      a0 += W[n] * v[k];
      a1 += W[n + K] * v[k];
      a2 += W[n + 2 * K] * v[k];
      a3 += W[n + 3 * K] * v[k];
    }
    a.set([a0, a1, a2, a3], j);
  }
  for (; j < a.length; j++) for (let k = 0; k < K; k++) a[j] += W[j * K + k] * v[k];
  return a;
}

/** Add the product Wᵀ a to v. This passes a gradient back through W. */
function addTransposed(v, W, a) {
  for (let j = 0, n = 0; j < a.length; j++) {
    for (let k = 0; k < v.length; k++, n++) v[k] += W[n] * a[j];
  }
}

/** Add the outer product a vᵀ to dW, the gradient with respect to W. */
function addOuter(dW, a, v) {
  for (let j = 0, n = 0; j < a.length; j++) {
    for (let k = 0; k < v.length; k++, n++) dW[n] += a[j] * v[k];
  }
}

// ── shared code ─────────────────────────────────────────────────────────────────────────────
const arrays = (names, size) =>
  Object.fromEntries(names.map((name) => [name, new Float64Array(size)]));

/** Return the state k (H) before time step t. */
const before = (trace, k, t) => (t === 0 ? trace[`${k}0`] : row(trace[k], t - 1, trace.H));

/** Return whether gate k is held at index n of an array (T, H). */
const isHeld = ({ clamps }, k, n) => clamps[k] !== undefined && !Number.isNaN(clamps[k][n]);

/** Return a gate's value, which is σ(a) unless the gate is held. */
const gate = (trace, k, n, a) => (isHeld(trace, k, n) ? trace.clamps[k][n] : sigmoid(a));

/** Return the gradient on a gate's pre-activation, which is 0 if the gate is held. */
const throughGate = (trace, k, n, d) =>
  isHeld(trace, k, n) ? 0 : d * trace[k][n] * (1 - trace[k][n]);

function forward(cell, params, x, start, clamps) {
  const rows = params.b_ih.length;
  const [H, D] = [params.W_hh.length / rows, params.W_ih.length / rows];
  const T = x.length / D;
  const trace = { T, D, H, x, clamps, reset_after: start.reset_after ?? true };
  Object.assign(trace, arrays(cell.symbols, T * H), arrays(["a"], T * rows));
  for (const k of cell.states) trace[`${k}0`] = start[`${k}0`] ?? new Float64Array(H);
  for (let t = 0; t < T; t++) {
    const u = affine(params.W_ih, row(x, t, D), params.b_ih);
    const v = affine(params.W_hh, before(trace, "h", t), params.b_hh);
    for (let k = 0; k < rows; k++) trace.a[t * rows + k] = u[k] + v[k];
    cell.step(trace, t, row(trace.a, t, rows), u, v, params);
  }
  return trace;
}

function backward(cell, params, trace, dh, dc) {
  const { T, D, H, x, a } = trace;
  const rows = a.length / T;
  const grads = arrays([...cell.symbols, "h_before", "c_before", "through_h"], T * H);
  for (const [name, array] of Object.entries(params)) grads[name] = new Float64Array(array.length);
  Object.assign(grads, arrays(["x"], T * D), arrays(["a"], T * rows));
  if (dc) grads.c.set(dc);
  for (let t = T - 1; t >= 0; t--) {
    for (let n = t * H; n < t * H + H; n++) {
      grads.h[n] = dh[n] + (t + 1 < T ? grads.h_before[n + H] : 0);
    }
    const da = row(grads.a, t, rows);
    const dh_before = row(grads.h_before, t, H);
    // dv is the gradient with respect to the hidden side v. In the GRU, dv differs from da.
    const dv = cell.back(grads, trace, t, da, params) ?? da;
    addTransposed(dh_before, params.W_hh, dv);
    addOuter(grads.W_hh, dv, before(trace, "h", t));
    addTransposed(row(grads.x, t, D), params.W_ih, da);
    addOuter(grads.W_ih, da, row(x, t, D));
    da.forEach((d, k) => (grads.b_ih[k] += d));
    dv.forEach((d, k) => (grads.b_hh[k] += d));
  }
  for (const k of cell.states) grads[`${k}0`] = row(grads[`${k}_before`], 0, H);
  return grads;
}

const cell = (parts) => ({
  ...parts,
  forward: (params, x, start = {}, clamps = {}) => forward(parts, params, x, start, clamps),
  backward: (params, trace, dh, dc) => backward(parts, params, trace, dh, dc),
});

// ── the cells ───────────────────────────────────────────────────────────────────────────────
// The pre-activation a is the sum of u, the input side, and v, the hidden side.
/** h_t = tanh(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh) */
export const rnn = cell({
  blocks: ["h"],
  gates: [],
  states: ["h"],
  symbols: ["h"],
  step({ H, h }, t, a) {
    for (let j = 0; j < H; j++) h[t * H + j] = Math.tanh(a[j]);
  },
  back(grads, { H, h }, t, da) {
    for (let j = 0, n = t * H; j < H; j++, n++) da[j] = grads.h[n] * (1 - h[n] ** 2);
  },
});

/**
 * i, f, o = σ(a), g = tanh(a), each with a = W_ih x_t + b_ih + W_hh h_{t−1} + b_hh;
 * c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t; h_t = o_t ⊙ tanh(c_t)
 */
export const lstm = cell({
  blocks: ["i", "f", "g", "o"],
  gates: ["i", "f", "o"],
  states: ["h", "c"],
  symbols: ["i", "f", "g", "o", "kept", "added", "c", "tanh_c", "h"],
  step(trace, t, a) {
    const { H, i, f, g, o, kept, added, c, tanh_c, h } = trace;
    const c_before = before(trace, "c", t);
    for (let j = 0, n = t * H; j < H; j++, n++) {
      i[n] = gate(trace, "i", n, a[j]);
      f[n] = gate(trace, "f", n, a[H + j]);
      g[n] = Math.tanh(a[2 * H + j]);
      o[n] = gate(trace, "o", n, a[3 * H + j]);
      kept[n] = f[n] * c_before[j];
      added[n] = i[n] * g[n];
      c[n] = kept[n] + added[n];
      tanh_c[n] = Math.tanh(c[n]);
      h[n] = o[n] * tanh_c[n];
    }
  },
  /** through_h: the part of the gradient with respect to c that comes from h. */
  back(grads, trace, t, da) {
    const { T, H, i, f, g, o, tanh_c } = trace;
    const c_before = before(trace, "c", t);
    for (let j = 0, n = t * H; j < H; j++, n++) {
      const dh = grads.h[n];
      grads.o[n] = dh * tanh_c[n];
      grads.through_h[n] = dh * o[n] * (1 - tanh_c[n] ** 2);
      const dc = (grads.c[n] += grads.through_h[n] + (t + 1 < T ? grads.c_before[n + H] : 0));
      grads.f[n] = dc * c_before[j];
      grads.i[n] = dc * g[n];
      grads.g[n] = dc * i[n];
      grads.c_before[n] = dc * f[n];
      da[j] = throughGate(trace, "i", n, grads.i[n]);
      da[H + j] = throughGate(trace, "f", n, grads.f[n]);
      da[2 * H + j] = grads.g[n] * (1 - g[n] ** 2);
      da[3 * H + j] = throughGate(trace, "o", n, grads.o[n]);
    }
  },
});

/** Return the rows of a GRU's candidate, which are the last third of an array. */
const candidate = (array) => array.subarray((2 * array.length) / 3);

/**
 * r, z = σ(a); h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t−1}. If reset_after is true,
 * n_t = tanh(W_xn x_t + b_xn + r_t ⊙ q_t) with q_t = W_hn h_{t−1} + b_hn. If it is false, as in Cho
 * et al., n_t = tanh(W_xn x_t + b_xn + q_t) with q_t = W_hn (r_t ⊙ h_{t−1}) + b_hn.
 */
export const gru = cell({
  blocks: ["r", "z", "n"],
  gates: ["r", "z"],
  states: ["h"],
  symbols: ["r", "z", "n", "q", "gated", "rest", "kept", "added", "h"],
  step(trace, t, a, u, v, { W_hh, b_hh }) {
    const { H, r, z, n, q, gated, rest, kept, added, h, reset_after } = trace;
    const h_before = before(trace, "h", t);
    for (let j = 0, m = t * H; j < H; j++, m++) {
      r[m] = gate(trace, "r", m, a[j]);
      z[m] = gate(trace, "z", m, a[H + j]);
      gated[m] = r[m] * (reset_after ? v[2 * H + j] : h_before[j]);
    }
    const cho = () => affine(candidate(W_hh), row(gated, t, H), candidate(b_hh));
    row(q, t, H).set(reset_after ? candidate(v) : cho());
    for (let j = 0, m = t * H; j < H; j++, m++) {
      a[2 * H + j] = u[2 * H + j] + (reset_after ? gated[m] : q[m]);
      n[m] = Math.tanh(a[2 * H + j]);
      rest[m] = 1 - z[m];
      added[m] = rest[m] * n[m];
      kept[m] = z[m] * h_before[j];
      h[m] = added[m] + kept[m];
    }
  },
  back(grads, trace, t, da, { W_hh }) {
    const { H, r, z, n, q, gated, reset_after } = trace;
    const [h_before, dh_before] = [before(trace, "h", t), row(grads.h_before, t, H)];
    for (let j = 0, m = t * H; j < H; j++, m++) {
      grads.n[m] = grads.h[m] * (1 - z[m]);
      grads.z[m] = grads.h[m] * (h_before[j] - n[m]);
      dh_before[j] = grads.h[m] * z[m];
      da[H + j] = throughGate(trace, "z", m, grads.z[m]);
      da[2 * H + j] = grads.n[m] * (1 - n[m] ** 2);
    }
    const dq = candidate(da).slice();
    const d_gated = row(grads.gated, t, H);
    if (!reset_after) addTransposed(d_gated, candidate(W_hh), dq);
    for (let j = 0, m = t * H; j < H; j++, m++) {
      grads.r[m] = reset_after ? dq[j] * q[m] : d_gated[j] * h_before[j];
      da[j] = throughGate(trace, "r", m, grads.r[m]);
      if (reset_after) dq[j] *= r[m];
      else dh_before[j] += d_gated[j] * r[m];
    }
    // If reset_after is false, W_hn multiplies r ⊙ h_{t−1}, so its gradient is computed here.
    if (!reset_after) addOuter(candidate(grads.W_hh), dq, row(gated, t, H));
    if (!reset_after) dq.forEach((d, j) => (candidate(grads.b_hh)[j] += d));
    return Float64Array.of(...da.subarray(0, 2 * H), ...(reset_after ? dq : []));
  },
});

/**
 * Return the settings that show one unit of a layer at one time step. `from_trace` in
 * gatewise/widgets/gate_explorer.py does the same. x, h: the layer's input (D) and previous state
 * (H). feature: the index of the input that the reader can change. The settings are w_x, w_h, b and
 * held, each with one number per block of the cell. The number in `held` is the weighted sum of all
 * other entries of x and h. A GRU's candidate has separate numbers for its two sides.
 */
export function unitOf({ blocks }, { W_ih, W_hh, b_ih, b_hh }, x, h, unit, feature) {
  const by = (of) => Object.fromEntries(blocks.map((k, n) => [k, of(n * h.length + unit)]));
  const others = (W, v, own) => by((n) => v.reduce((sum, value, k) => sum + (k === own ? 0 : W[n * v.length + k] * value), 0));
  const [of_x, of_h] = [others(W_ih, x, feature), others(W_hh, h, unit)];
  const b = by((n) => b_ih[n] + b_hh[n]);
  const held = Object.fromEntries(blocks.map((k) => [k, of_x[k] + of_h[k]]));
  const last = 2 * h.length + unit;
  const sides = blocks.includes("n") ? [{ n: b_ih[last], q: b_hh[last] }, { n: of_x.n, q: of_h.n }] : [];
  const [w_x, w_h] = [by((n) => W_ih[n * x.length + feature]), by((n) => W_hh[n * h.length + unit])];
  return { w_x, w_h, b: { ...b, ...sides[0] }, held: { ...held, ...sides[1] } };
}

// ── readout and distances ───────────────────────────────────────────────────────────────────
/** Return the probabilities softmax(h W + b) for h (H), W (H, D) and b (D). W may be float32. */
export function probabilities(h, W, b) {
  const logits = b.slice();
  addTransposed(logits, W, h);
  const most = logits.reduce((a, v) => Math.max(a, v));
  const e = logits.map((v) => Math.exp(v - most));
  const sum = e.reduce((a, v) => a + v);
  return e.map((v) => v / sum);
}

/** Return the sorted indices of the `count` largest values. */
export function largest(values, count) {
  const kept = [];
  values.forEach((v, n) => {
    if (kept.length === count && !(v > values[kept.at(-1)])) return;
    const at = kept.findIndex((m) => v > values[m]);
    kept.splice(at < 0 ? kept.length : at, 0, n);
    kept.length = Math.min(kept.length, count);
  });
  return kept.sort((a, b) => a - b);
}

/** Return the distances |a_t − b_t| at the time steps that the traces have in common. */
export const distances = (a, b, H) =>
  Float64Array.from({ length: Math.min(a.length, b.length) / H }, (_, t) =>
    Math.hypot(...row(a, t, H).map((v, j) => v - b[t * H + j])),
  );

/** Return each unit's sum (H) of |a_t − b_t| over the time steps that the traces have in common. */
export function apartByUnit(a, b, H) {
  const sums = new Float64Array(H);
  for (let n = 0; n < Math.min(a.length, b.length); n++) sums[n % H] += Math.abs(a[n] - b[n]);
  return sums;
}

/** Rank the T float32 values of a unit, starting at 1. Tied values get the mean of their ranks. */
export function ranks(rows, H, unit) {
  const T = rows.length / H;
  // Sort integers that hold a float32 value in the high bits and a time step in the low bits.
  const [float, bits] = [new Float32Array(T), new Float64Array(T)];
  for (let t = 0; t < T; t++) float[t] = rows[t * H + unit];
  const raw = new Int32Array(float.buffer);
  for (let t = 0; t < T; t++) bits[t] = (raw[t] < 0 ? -(raw[t] & 0x7fffffff) : raw[t]) * 65536 + t;
  bits.sort();
  const place = bits.map((v) => ((v % 65536) + 65536) % 65536);
  const result = new Float32Array(T);
  for (let n = 0; n < T; ) {
    const from = n;
    while (n < T && float[place[n]] === float[place[from]]) n++;
    for (let k = from; k < n; k++) result[place[k]] = (from + 1 + n) / 2;
  }
  return result;
}

/**
 * Return the area under the ROC curve for each unit. The area measures how well the unit separates
 * marked steps from other steps. The areas are NaN if no steps or all steps are marked. ranked: the
 * ranks of each unit's values. mask: an array (T) with 1 for marked steps and 0 for other steps.
 */
export function areas(ranked, mask) {
  const steps = Array.from(mask.keys()).filter((t) => mask[t]);
  const [marked, others] = [steps.length, mask.length - steps.length];
  return ranked.map((rank) => {
    let sum = (-marked * (marked + 1)) / 2;
    for (const t of steps) sum += rank[t];
    return sum / (marked * others);
  });
}

/**
 * Return the part of the gradient on each c_t that passes only through the cell state: `dc` at step
 * `read`, multiplied by f at the steps from t + 1 to `read`.
 */
export function alongWire(dc, f, read) {
  const wire = new Float64Array(dc.length);
  wire[read - 1] = dc[read - 1];
  for (let t = read - 2; t >= 0; t--) wire[t] = wire[t + 1] * f[t + 1];
  return wire;
}

/** Return the index of the largest value. */
export const first = (values) => values.indexOf(values.reduce((a, v) => Math.max(a, v)));

const COUNTS = 0.1; // the smallest share of a distance or probability that counts as a difference

/**
 * Return a verdict on whether a network still distinguishes between two sentences. The rule is the
 * same as in gatewise/widgets/unroll_player.py. apart: the distances between the states and,
 * in an LSTM, between the values of tanh_c. now: the predictions for both sentences. step: the time
 * step, starting at 1. from: the first time step with held gates, or 0.
 */
export function difference(apart, now, step, from) {
  const t = Math.min(step, apart.h.length) - 1;
  const differs = (line) => line.slice(0, t + 1).map((v, n, all) => v >= COUNTS * Math.max(1, ...all));
  const read = now[0].reduce((sum, p, n) => sum + Math.abs(p - now[1][n]), 0) / 2;
  const [isRead, isShown] = [read >= COUNTS, differs(apart.h)[t]];
  const last = differs(apart.c ?? apart.h).lastIndexOf(1);
  const found = (verdict, word = t + 1) => ({ verdict, word, read });
  if (step < from || (step === from && (isRead || isShown))) return found("early", from);
  if (isRead) return found(first(now[0]) === first(now[1]) ? "leaning" : "read");
  if (last < 0) return found("never");
  if (last < t) return found("lost", last + 2);
  if (isShown) return found("not read");
  return found(differs(apart.tanh_c)[t] ? "not shown" : "saturated");
}

/** Measure how much a gradient (T) shrinks, as in gatewise/widgets/backward_explorer.py. */
export function shrinking(gradient) {
  const size = gradient.map(Math.abs);
  const [first, last] = [size[0], size.at(-1)];
  const ratios = Array.from(size.slice(1), (after, t) => (after ? size[t] / after : 0));
  const least = Math.min(...ratios);
  const share = last && first / last;
  if (!ratios.length) return { share: 1, factor: 1, least: 1, step: 1 };
  return { share, factor: share ** (1 / ratios.length), least, step: ratios.indexOf(least) + 1 };
}
