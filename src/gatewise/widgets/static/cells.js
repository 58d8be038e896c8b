// The three cells, forward and backward, over one sequence: the only arithmetic in JavaScript.
// Names, equations and their order are those of gatewise/cells/*.py; a test compares all numbers.
//
// T time steps, D input features, H hidden units. Every array is a Float64Array, row-major.
// params: W_ih (rows, D), W_hh (rows, H), b_ih and b_hh (rows), gate rows in torch's order.
// x: (T, D). start: the states before the first step, zero where not given.
// clamps: gate to (T, H), the value to hold a gate at; NaN where it is free.
// A trace has one array (T, H) per symbol, and a (T, rows), the pre-activations.

export const sigmoid = (a) => 1 / (1 + Math.exp(-a));

// ── vectors and matrices ────────────────────────────────────────────────────────────────────

/** Row t of an array (T, size), as a view. */
const row = (array, t, size) => array.subarray(t * size, (t + 1) * size);

/** a += W v. Zeros are skipped, so a one-hot v costs a single column. */
function addProduct(a, W, v) {
  for (let k = 0; k < v.length; k++) {
    if (v[k] === 0) continue;
    for (let j = 0, n = k; j < a.length; j++, n += v.length) a[j] += W[n] * v[k];
  }
}

/** v += Wᵀ a, which takes a gradient back through W. */
function addTransposed(v, W, a) {
  for (let j = 0, n = 0; j < a.length; j++) {
    for (let k = 0; k < v.length; k++, n++) v[k] += W[n] * a[j];
  }
}

/** dW += a vᵀ. */
function addOuter(dW, a, v) {
  for (let j = 0, n = 0; j < a.length; j++) {
    for (let k = 0; k < v.length; k++, n++) dW[n] += a[j] * v[k];
  }
}

/** W v + b */
function affine(W, v, b) {
  const a = b.slice();
  addProduct(a, W, v);
  return a;
}

// ── what the cells share ────────────────────────────────────────────────────────────────────

/** Sizes, inputs, first states, and room for each symbol. */
function begin(cell, params, x, start, clamps) {
  const rows = params.b_ih.length;
  const [H, D] = [params.W_hh.length / rows, params.W_ih.length / rows];
  const T = x.length / D;
  const trace = { T, D, H, x, clamps, a: new Float64Array(T * rows) };
  for (const k of cell.states) trace[`${k}0`] = start[`${k}0`] ?? new Float64Array(H);
  for (const k of cell.symbols) trace[k] = new Float64Array(T * H);
  return trace;
}

/** A state before step t: (H). */
const before = (trace, k, t) => (t === 0 ? trace[`${k}0`] : row(trace[k], t - 1, trace.H));

/** Is gate k held at entry n of (T, H)? */
const isHeld = ({ clamps }, k, n) => clamps[k] !== undefined && !Number.isNaN(clamps[k][n]);

/** A gate's value: σ of its pre-activation, or what it is held at. */
const gate = (trace, k, n, a) => (isHeld(trace, k, n) ? trace.clamps[k][n] : sigmoid(a));

/** The gradient on a gate's pre-activation; no gradient passes a gate that is held. */
const throughGate = (trace, k, n, d) =>
  isHeld(trace, k, n) ? 0 : d * trace[k][n] * (1 - trace[k][n]);

/** Room for the gradients on parameters, input, pre-activations and on each of some symbols. */
function zeros(params, trace, symbols) {
  const grads = { x: new Float64Array(trace.x.length), a: new Float64Array(trace.a.length) };
  for (const name of Object.keys(params)) grads[name] = new Float64Array(params[name].length);
  for (const k of symbols) grads[k] = new Float64Array(trace.T * trace.H);
  return grads;
}

/** What step t adds to the gradients on weights and input; da_h is the hidden side's part of da. */
function addStep(grads, params, trace, t, da, da_h = da) {
  const x_t = row(trace.x, t, trace.D);
  addOuter(grads.W_ih, da, x_t);
  addTransposed(row(grads.x, t, trace.D), params.W_ih, da);
  da.forEach((d, n) => (grads.b_ih[n] += d));
  da_h.forEach((d, n) => (grads.b_hh[n] += d));
}

// ── the cells ───────────────────────────────────────────────────────────────────────────────

/** h_t = tanh(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh) */
export const rnn = {
  blocks: ["h"],
  gates: [],
  states: ["h"],
  symbols: ["h"],

  forward(params, x, start = {}) {
    const trace = begin(this, params, x, start, {});
    const { T, D, H, a, h } = trace;
    for (let t = 0; t < T; t++) {
      const a_t = row(a, t, H);
      a_t.set(affine(params.W_ih, row(x, t, D), params.b_ih));
      const u = affine(params.W_hh, before(trace, "h", t), params.b_hh);
      for (let j = 0; j < H; j++) {
        a_t[j] += u[j];
        h[t * H + j] = Math.tanh(a_t[j]);
      }
    }
    return trace;
  },

  /** dh (T, H): the gradient of the loss on each h_t. Gradients have their variable's name. */
  backward(params, trace, dh) {
    const { T, H } = trace;
    const grads = zeros(params, trace, ["h", "h_before"]);
    for (let t = T - 1; t >= 0; t--) {
      const da = row(grads.a, t, H);
      for (let j = 0; j < H; j++) {
        const n = t * H + j;
        const later = t + 1 < T ? grads.h_before[n + H] : 0;
        grads.h[n] = dh[n] + later;
        da[j] = grads.h[n] * (1 - trace.h[n] ** 2);
      }
      addTransposed(row(grads.h_before, t, H), params.W_hh, da);
      addOuter(grads.W_hh, da, before(trace, "h", t));
      addStep(grads, params, trace, t, da);
    }
    grads.h0 = row(grads.h_before, 0, H);
    return grads;
  },
};

/**
 * i, f, o = σ(…), g = tanh(…), each of W_ih x_t + b_ih + W_hh h_{t−1} + b_hh;
 * c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t; h_t = o_t ⊙ tanh(c_t)
 */
export const lstm = {
  blocks: ["i", "f", "g", "o"],
  gates: ["i", "f", "o"],
  states: ["h", "c"],
  symbols: ["i", "f", "g", "o", "kept", "added", "c", "tanh_c", "h"],

  forward(params, x, start = {}, clamps = {}) {
    const trace = begin(this, params, x, start, clamps);
    const { T, D, H, a, i, f, g, o, kept, added, c, tanh_c, h } = trace;
    for (let t = 0; t < T; t++) {
      const a_t = row(a, t, 4 * H);
      a_t.set(affine(params.W_ih, row(x, t, D), params.b_ih));
      const u = affine(params.W_hh, before(trace, "h", t), params.b_hh);
      for (let k = 0; k < 4 * H; k++) a_t[k] += u[k];
      const c_before = before(trace, "c", t);
      for (let j = 0; j < H; j++) {
        const n = t * H + j;
        i[n] = gate(trace, "i", n, a_t[j]);
        f[n] = gate(trace, "f", n, a_t[H + j]);
        g[n] = Math.tanh(a_t[2 * H + j]);
        o[n] = gate(trace, "o", n, a_t[3 * H + j]);
        kept[n] = f[n] * c_before[j];
        added[n] = i[n] * g[n];
        c[n] = kept[n] + added[n];
        tanh_c[n] = Math.tanh(c[n]);
        h[n] = o[n] * tanh_c[n];
      }
    }
    return trace;
  },

  /** As for the RNN; through_h is the part of the gradient on c that comes from h. */
  backward(params, trace, dh) {
    const { T, H, i, f, g, o, tanh_c } = trace;
    const symbols = ["i", "f", "g", "o", "c", "h", "through_h", "h_before", "c_before"];
    const grads = zeros(params, trace, symbols);
    for (let t = T - 1; t >= 0; t--) {
      const da = row(grads.a, t, 4 * H);
      const c_before = before(trace, "c", t);
      for (let j = 0; j < H; j++) {
        const n = t * H + j;
        const [dh_later, dc_later] =
          t + 1 < T ? [grads.h_before[n + H], grads.c_before[n + H]] : [0, 0];
        grads.h[n] = dh[n] + dh_later;
        grads.o[n] = grads.h[n] * tanh_c[n];
        grads.through_h[n] = grads.h[n] * o[n] * (1 - tanh_c[n] ** 2);
        grads.c[n] = grads.through_h[n] + dc_later;
        grads.f[n] = grads.c[n] * c_before[j];
        grads.i[n] = grads.c[n] * g[n];
        grads.g[n] = grads.c[n] * i[n];
        grads.c_before[n] = grads.c[n] * f[n];
        da[j] = throughGate(trace, "i", n, grads.i[n]);
        da[H + j] = throughGate(trace, "f", n, grads.f[n]);
        da[2 * H + j] = grads.g[n] * (1 - g[n] ** 2);
        da[3 * H + j] = throughGate(trace, "o", n, grads.o[n]);
      }
      addTransposed(row(grads.h_before, t, H), params.W_hh, da);
      addOuter(grads.W_hh, da, before(trace, "h", t));
      addStep(grads, params, trace, t, da);
    }
    grads.h0 = row(grads.h_before, 0, H);
    grads.c0 = row(grads.c_before, 0, H);
    return grads;
  },
};

/**
 * r, z = σ(…); n_t = tanh(W_xn x_t + b_xn + r_t ⊙ q_t) with q_t = W_hn h_{t−1} + b_hn, or in the
 * form of Cho et al. (reset_after false) tanh(W_xn x_t + b_xn + q_t) with
 * q_t = W_hn (r_t ⊙ h_{t−1}) + b_hn; h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_{t−1}
 */
export const gru = {
  blocks: ["r", "z", "n"],
  gates: ["r", "z"],
  states: ["h"],
  symbols: ["r", "z", "n", "q", "gated", "rest", "kept", "added", "h"],

  forward(params, x, start = {}, clamps = {}) {
    const trace = begin(this, params, x, start, clamps);
    trace.reset_after = start.reset_after ?? true;
    const { T, D, H, a, r, z, n, q, gated, rest, kept, added, h, reset_after } = trace;
    const [W_hn, b_hn] = hiddenSide(params, H);
    for (let t = 0; t < T; t++) {
      const a_t = row(a, t, 3 * H);
      a_t.set(affine(params.W_ih, row(x, t, D), params.b_ih));
      const h_before = before(trace, "h", t);
      const u = affine(params.W_hh, h_before, params.b_hh);
      for (let j = 0; j < 2 * H; j++) a_t[j] += u[j];
      for (let j = 0; j < H; j++) {
        const m = t * H + j;
        r[m] = gate(trace, "r", m, a_t[j]);
        z[m] = gate(trace, "z", m, a_t[H + j]);
        gated[m] = r[m] * (reset_after ? u[2 * H + j] : h_before[j]);
      }
      row(q, t, H).set(reset_after ? u.subarray(2 * H) : affine(W_hn, row(gated, t, H), b_hn));
      for (let j = 0; j < H; j++) {
        const m = t * H + j;
        a_t[2 * H + j] += reset_after ? gated[m] : q[m];
        n[m] = Math.tanh(a_t[2 * H + j]);
        rest[m] = 1 - z[m];
        added[m] = rest[m] * n[m];
        kept[m] = z[m] * h_before[j];
        h[m] = added[m] + kept[m];
      }
    }
    return trace;
  },

  /** As for the RNN. */
  backward(params, trace, dh) {
    const { T, H, r, z, n, q, gated, reset_after } = trace;
    const grads = zeros(params, trace, ["r", "z", "n", "h", "h_before"]);
    const [W_hn] = hiddenSide(params, H);
    for (let t = T - 1; t >= 0; t--) {
      const da = row(grads.a, t, 3 * H);
      const [h_before, dh_before] = [before(trace, "h", t), row(grads.h_before, t, H)];
      for (let j = 0; j < H; j++) {
        const m = t * H + j;
        const later = t + 1 < T ? grads.h_before[m + H] : 0;
        grads.h[m] = dh[m] + later;
        grads.n[m] = grads.h[m] * (1 - z[m]);
        grads.z[m] = grads.h[m] * (h_before[j] - n[m]);
        da[H + j] = throughGate(trace, "z", m, grads.z[m]);
        da[2 * H + j] = grads.n[m] * (1 - n[m] ** 2);
        dh_before[j] = grads.h[m] * z[m];
      }
      // The candidate's hidden side has another pre-activation, q: its gradient is dq.
      const da_h = da.slice();
      const dq = da_h.subarray(2 * H);
      const d_gated = new Float64Array(H);
      if (!reset_after) addTransposed(d_gated, W_hn, dq);
      for (let j = 0; j < H; j++) {
        const m = t * H + j;
        grads.r[m] = reset_after ? dq[j] * q[m] : d_gated[j] * h_before[j];
        da[j] = da_h[j] = throughGate(trace, "r", m, grads.r[m]);
        if (reset_after) dq[j] *= r[m];
        else dh_before[j] += d_gated[j] * r[m];
      }
      // W_hn meets h_{t−1}, as W_hr and W_hz do, or in the form of Cho et al. r ⊙ h_{t−1}.
      const size = reset_after ? 3 * H : 2 * H;
      addTransposed(dh_before, params.W_hh, da_h.subarray(0, size));
      addOuter(grads.W_hh, da_h.subarray(0, size), h_before);
      if (!reset_after) addOuter(grads.W_hh.subarray(size * H), dq, row(gated, t, H));
      addStep(grads, params, trace, t, da, da_h);
    }
    grads.h0 = row(grads.h_before, 0, H);
    return grads;
  },
};

/** W_hn (H, H) and b_hn (H), which the candidate's hidden side uses. */
const hiddenSide = ({ W_hh, b_hh }, H) => [W_hh.subarray(2 * H * H), b_hh.subarray(2 * H)];

// ── readout and distances ───────────────────────────────────────────────────────────────────

/** softmax(h W + b): the probability of each of D words, from h (H) and W (H, D). */
export function probabilities(h, W, b) {
  const logits = b.slice();
  addTransposed(logits, W, h);
  const most = logits.reduce((a, v) => Math.max(a, v), -Infinity);
  const e = logits.map((v) => Math.exp(v - most));
  const sum = e.reduce((a, v) => a + v, 0);
  return e.map((v) => v / sum);
}

/** |a_t − b_t| after each step that both traces have: (T). */
export function distances(a, b, H) {
  const T = Math.min(a.length, b.length) / H;
  return Float64Array.from({ length: T }, (_, t) =>
    Math.hypot(...row(a, t, H).map((v, j) => v - b[t * H + j])),
  );
}

/** How far two traces are apart in each unit, summed over the steps that both have: (H). */
export function apartByUnit(a, b, H) {
  const sums = new Float64Array(H);
  for (let n = 0; n < Math.min(a.length, b.length); n++) sums[n % H] += Math.abs(a[n] - b[n]);
  return sums;
}

/** The gradient on c along its own wire: `dc` at step `read`, times f of every later step. */
export function alongWire(dc, f, read) {
  const wire = new Float64Array(dc.length);
  wire[read - 1] = dc[read - 1];
  for (let t = read - 2; t >= 0; t--) wire[t] = wire[t + 1] * f[t + 1];
  return wire;
}
