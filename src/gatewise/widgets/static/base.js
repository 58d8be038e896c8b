// This file contains the code that all widgets share. Each widget has a function `compute`, which
// calculates the numbers on the screen from the settings, and a function `view`, which returns a
// template with these numbers. The function `widget` uses both to make `mount` and `render`. Python
// joins this file, cells.js, lit-html.js and the widget's file into one module.
import { html, nothing, render, svg } from "./lit-html.js";

// ── numbers and shapes, with the formulas from gatewise/drawings/values.py ──────────────────
/** Format a number with two decimal places and a true minus sign. sign: whether to write a plus. */
export function number(value, sign = false) {
  const text = Math.abs(value).toFixed(2);
  const mark = Number(text) === 0 ? "" : value < 0 ? "−" : sign ? "+" : "";
  return mark + text;
}

/** Format a number with two decimal places, or a small number with two significant digits. */
export function figure(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 0.095) return number(value);
  const [digits, power] = size.toExponential(1).split("e");
  const raised = power.replace(/./g, (d) => (d === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]));
  return (value < 0 ? "−" : "") + (size >= 1e-3 ? size.toPrecision(2) : `${digits}·10${raised}`);
}

/** Return the width of a wire for a given value. */
const thickness = (value) => (16 * Math.abs(value)) / (1 + Math.abs(value));

/** Return the width of a gradient's wire: 14 + 2 log₁₀ |gradient|, clipped to the range 2 to 18. */
export const gradientThickness = (value) =>
  value && within(2, 18, 14 + 2 * Math.log10(Math.abs(value)));

/** Return SVG path data for a slot in a disc. A value of 1 makes the slot fill the disc. */
function opening(r, value) {
  const half = r * value;
  const side = Math.sqrt(r * r - half * half);
  const arc = `A${r} ${r} 0 0 0`;
  return `M${-side} ${-half}${arc} ${-side} ${half}H${side}${arc} ${side} ${-half}z`;
}

/** Return a linear function that maps the range [from, to] to the range [start, end]. */
export const scale = (from, to, start, end) => (value) =>
  start + ((value - from) / (to - from)) * (end - start);

/** Round a value up to 1, 2, 5, 10, 20, 50, … for use as an axis limit. */
export function nice(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].find((n) => n * power >= value) * power;
}

/** Return SVG path data for a line through a list of points [x, y]. */
export const through = (points) =>
  points.map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

// ── words and symbols ───────────────────────────────────────────────────────────────────────
/** Fill in the placeholders in a sentence: `say("{n} times", {n: 3})` returns "3 times". */
export const say = (sentence, parts) => sentence.replace(/\{(\w+)\}/g, (_, name) => parts[name]);

/** Return the text with names such as `c_t−1` replaced by symbols with subscripts. */
export const write = (text) =>
  text.split(/([A-Za-z]+_[\w−]+)/).map((piece, n) => (n % 2 ? symbol(...piece.split("_")) : piece));

export const symbol = (base, index) =>
  html`<span class="symbol">${base}${index ? html`<sub>${index}</sub>` : nothing}</span>`;

/** Replace underscores with spaces, for screen readers. */
export const plain = (text) => text.replaceAll("_", " ");

/** Return a span with a formatted number. The attribute `data-value` contains the name. */
export const shown = (name, value, sign = false) =>
  html`<span class="number" data-value=${name}>${number(value, sign)}</span>`;

// ── controls ────────────────────────────────────────────────────────────────────────────────
// The attribute data-lm-suppress-shortcuts turns off Jupyter's keyboard shortcuts for a control.
/** Return a function that rounds a value to the nearest step in the range and then calls `act`. */
const stepped = ([min, max, step], act) => (v) =>
  Number.isNaN(v) || act(within(min, max, Number((Math.round(v / step) * step).toFixed(2))));

/**
 * Return event listeners for the start, the movement and the end of a drag. The value changes by
 * the distance that the pointer moves. A touch without movement changes nothing. A finger must
 * first move sideways, since a vertical movement scrolls the page. where(event): returns the value
 * at the pointer's position, up to a constant. put(value, event): receives each new value.
 */
export function pull(value, where, put) {
  const down = (event) => {
    const { currentTarget: at, clientX: x, clientY: y } = event;
    at.setPointerCapture(event.pointerId);
    at.pull = { x, y, offset: value - where(event), isOn: !isTouch(event) };
  };
  const move = (event) => {
    const { currentTarget: { pull }, clientX, clientY } = event;
    if (!pull) return;
    pull.isOn ||= Math.abs(clientX - pull.x) > Math.max(6, Math.abs(clientY - pull.y));
    if (pull.isOn) put(pull.offset + where(event), event);
  };
  return [down, move, ({ currentTarget }) => (currentTarget.pull = undefined)];
}
const isTouch = ({ pointerType }) => pointerType === "touch";

/** Return a slider whose track is filled from zero. says: the value in words. act: the setter. */
export function slider({ label, range, value, says, act }) {
  const [min, max, step] = range;
  const at = (v) => within(0, 100, scale(min, max, 0, 100)(v));
  const where = ({ clientX, currentTarget: { offsetWidth } }) => (clientX / offsetWidth) * (max - min);
  const [down, move, end] = pull(value, where, stepped(range, act));
  const oninput = ({ target }) => {
    if (!target.pull) act(Number(target.value)); // otherwise, the slider would jump to the finger
    // If the new value was rejected, restore the old value.
    if (target.value !== target.dataset.at) target.value = target.dataset.at;
  };
  return html`<input type="range" data-lm-suppress-shortcuts="true" aria-label=${plain(label)} aria-valuetext=${says}
    min=${min} max=${max} step=${step} data-at=${value} .value=${String(value)} @input=${oninput}
    @pointerdown=${(event) => isTouch(event) && down(event)} @pointermove=${move} @pointerup=${end} @pointercancel=${end}
    style="--from: ${at(Math.min(value, 0))}%; --to: ${at(Math.max(value, 0))}%" />`;
}

/** Return a button. pressed: the state of a toggle button, or undefined for other buttons. */
export const button = (content, act, { pressed, label, kind = "", off = false } = {}) =>
  html`<button type="button" data-lm-suppress-shortcuts="true" class=${kind} aria-pressed=${pressed ?? nothing}
    aria-label=${label ?? nothing} aria-disabled=${off || nothing} @click=${() => off || act()}>${content}</button>`;

/** Return the button for the projector view and, if `copy` is given, the *Copy link* button. */
export const projector = ({ s, words, copy, change }) => html`<span class="pair">
  ${copy ? button(words.copy, copy, { kind: "permalink" }) : nothing}
  ${button(s.projector ? words.leave : words.projector, () => change({ projector: !s.projector }),
    { kind: "projector", pressed: s.projector })}</span>`;

export const within = (min, max, value) => Math.max(min, Math.min(max, value));

/** Return the position of a pointer event in the SVG's coordinates. */
export const spot = ({ clientX, clientY, currentTarget: at }) =>
  new DOMPoint(clientX, clientY).matrixTransform((at.ownerSVGElement ?? at).getScreenCTM().inverse());

/** Return the number of the clicked column in an SVG, from 1 to `count`. */
export const column = (event, left, pitch, count) =>
  within(1, count, 1 + Math.floor((spot(event).x - left) / pitch));

/**
 * Return a handle made from SVG elements. says: the value in words. reach: the change in the value
 * per SVG unit to the right, and the change per unit upward. A finger can move a handle only
 * sideways.
 */
export function grip(content, { label, says, range, value, reach: [x, y], act }) {
  const [min, max, step, page] = range;
  const put = stepped(range, act);
  const where = (event, at = spot(event)) => (isTouch(event) ? (x || y) * at.x : x * at.x - y * at.y);
  const [down, move, end] = pull(value, where, put);
  const by = { ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step, PageUp: page, PageDown: -page };
  const key = (event) => {
    const to = { Home: min, End: max }[event.key] ?? value + by[event.key];
    if (Number.isNaN(to)) return;
    event.preventDefault();
    event.stopPropagation();
    put(to);
  };
  return svg`<g class="grip" role="slider" tabindex="0" data-lm-suppress-shortcuts="true" aria-label=${plain(label)}
    aria-valuemin=${min} aria-valuemax=${max} aria-valuenow=${Number(value.toFixed(2))} aria-valuetext=${says}
    @pointerdown=${down} @pointermove=${move} @pointerup=${end} @pointercancel=${end} @keydown=${key}>${content}</g>`;
}

// ── drawings; gatewise.drawings describes the anchors ───────────────────────────────────────
/** Set an attribute only if the value changes, since setting an attribute triggers a new layout. */
export function set(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Make a node from SVG text. Returns the node, and functions that find and fill the anchors. */
export function drawing(text, label, { width = thickness, write = number } = {}) {
  const template = document.createElement("template");
  template.innerHTML = text;
  const node = template.content.firstElementChild;
  node.setAttribute("aria-label", label);
  const all = (name) => [...node.querySelectorAll(`[data-${name}]`)];
  const [wires, valves, numbers] = ["wire", "valve", "number"].map(all);
  const fill = (values) => {
    for (const wire of wires) {
      const value = values[wire.dataset.wire];
      set(wire, "stroke-width", width(value));
      set(wire, "stroke-dasharray", value < 0 ? "5 4" : "none");
    }
    for (const valve of valves) {
      const slot = valve.querySelector("[data-slot]");
      set(slot, "d", opening(Number(valve.dataset.r), values[valve.dataset.valve]));
    }
    for (const place of numbers) {
      const written = write(values[place.dataset.number], "sign" in place.dataset);
      if (place.textContent !== written) place.textContent = written;
    }
  };
  return { node, all, fill };
}

/** Return the y-coordinate of a wire's start as a percentage of the drawing's height. */
export function beginning({ node }, wire) {
  const [, y] = node.querySelector(`[data-wire="${wire}"]`).getAttribute("d").match(/[\d.]+/g);
  return (100 * y) / node.viewBox.baseVal.height;
}

// ── the theme, which matches the page around the widget ─────────────────────────────────────
/** Return whether the page is dark. Jupyter stores this in an attribute before the styles load. */
function isDark(element) {
  const said = document.body.dataset.jpThemeLight;
  if (said) return said === "false";
  const pixel = document.createElement("canvas").getContext("2d");
  pixel.fillStyle = getComputedStyle(element).color;
  pixel.fillRect(0, 0, 1, 1);
  const [red, green, blue] = pixel.getImageData(0, 0, 1, 1).data;
  return red + green + blue > 382;
}

function followTheme(root, palette) {
  const update = () => {
    const theme = isDark(root.parentElement) ? "dark" : "light";
    if (root.dataset.theme === theme) return;
    root.dataset.theme = theme;
    for (const [name, value] of Object.entries(palette[theme])) {
      root.style.setProperty(`--gw-${name}`, value);
    }
  };
  const observer = new MutationObserver(update);
  const attributeFilter = ["class", "style", "theme", "data-theme", "data-jp-theme-light"];
  for (const node of [document.documentElement, document.body]) observer.observe(node, { attributeFilter });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", update);
  return { update, end: () => [observer.disconnect(), system.removeEventListener("change", update)] };
}

// ── links, which contain the changed settings, such as `x=-2&b.f=8` ─────────────────────────
export const whole = (min, max) => (v) => Number.isInteger(v) && min <= v && v <= max;
const isMany = (value) => Object(value) === value;
/** Return a string that describes a value's keys and the types of its parts. */
const shape = (value) => JSON.stringify(value, (_, v) => (isMany(v) ? v : Math.abs(v) > 1000 ? "large" : typeof v));

function written({ start, projector, ...s }) {
  const parts = (name, value) =>
    isMany(value) ? Object.entries(value).map(([key, v]) => [`${name}.${key}`, v]) : [[name, value]];
  const texts = (some) => Object.fromEntries(Object.keys(start).flatMap((name) => parts(name, some[name]))
    .map(([path, v]) => [path, typeof v === "string" ? v : JSON.stringify(v)]));
  const [then, now] = [texts({ ...start, projector }), texts({ ...s, projector })];
  const changed = Object.keys({ ...then, ...now }).filter((path) => then[path] !== now[path]);
  // A removed part is written as an empty string.
  return String(new URLSearchParams(changed.map((path) => [path, now[path] ?? ""])));
}

/** Apply part of a link to the settings. Throws an error for an unknown setting or invalid JSON. */
function put(next, start, [path, word]) {
  const [name, key] = path.split(".");
  if (!Object.hasOwn(start, name) || name === "projector") throw new Error(path);
  const like = key ? Object.values(start[name])[0] : start[name];
  const value = () => (typeof like === "string" ? word : JSON.parse(word));
  if (!key) next[name] = value();
  else if (word) next[name][key] = value();
  else delete next[name][key];
}

// ── a widget ────────────────────────────────────────────────────────────────────────────────
/**
 * Return `{ mount, render }` for a widget with these parts:
 *   name: the CSS class of the root element.
 *   begin(settings): returns the state of a single view, such as the position of the pointer.
 *   settle(next, last): adjusts settings that depend on other settings (optional).
 *   allows(settings, own): returns checks for the settings in a link (optional). A setting without
 *   a check must keep its type, its keys and its length.
 *   compute(settings, own): returns all numbers on the screen.
 *   view({ s, values, words, own, sizes, root, change, keep, reset, copy }): returns a lit-html
 *   template. own: the result of `begin`. sizes: a map from `data-fit` names to widths. root:
 *   the root element. change: a function that changes settings. keep: a function that changes the
 *   view's state. reset: a function that restores the initial settings. copy: a function that
 *   copies a link.
 *
 * `mount(element, settings, { onchange, share })` works on any page. settings: the result of
 * `widget.plain()` in Python. onchange(changed): receives the settings that the reader has changed.
 * share(link): copies a link to the settings. Returns a promise that resolves to true on success.
 */
export function widget({ name, begin, settle = (next) => next, allows = () => ({}), compute, view }) {
  function mount(element, given, { onchange = () => {}, share } = {}) {
    const root = document.createElement("div");
    root.className = `gatewise ${name}`;
    element.append(root);
    let settings = { ...given };
    const [own, sizes] = [begin(settings), {}];
    const copy = share && (async () => keep({ notice: (await share(written(settings))) ? "copied" : "in address" }));

    function draw() {
      const values = compute(settings, own);
      const words = { ...settings.words, ...settings.renamed };
      const shown = view({ s: settings, values, words, own, sizes, root, change, keep, reset, copy });
      const notice = say(words[own.notice] ?? "", { part: own.refused });
      render([shown, share ? html`<p class="permalink" role="status">${notice}</p>` : nothing], root);
      project();
    }
    /** Show the widget above the page, scaled to fill the screen. */
    function project() {
      if (root.popover && !settings.projector) [root.popover, root.firstElementChild.style.scale, element.style.minHeight] = [null, "", ""];
      if (!settings.projector || !root.isConnected) return;
      if (!root.popover) element.style.minHeight = `${root.offsetHeight}px`; // keeps the page's layout unchanged
      root.popover ??= "manual";
      if (!root.matches(":popover-open")) root.showPopover();
      const { offsetWidth, offsetHeight, style } = root.firstElementChild;
      style.scale = Math.min(root.clientWidth / offsetWidth, root.clientHeight / offsetHeight);
    }
    const reset = () => change({ ...settings.start, projector: settings.projector });
    function keep(some) {
      Object.assign(own, some);
      draw();
    }
    function update(some) {
      settings = settle({ ...settings, ...some }, settings);
      draw();
    }
    function change(some) {
      const last = settings;
      own.notice = "";
      update(some);
      tell(last);
    }
    const tell = (last) =>
      onchange(Object.fromEntries(Object.entries(settings).filter(([k, value]) => value !== last[k])));
    /** Apply a link's settings. Returns the previous settings, or undefined for an invalid link. */
    function open(link) {
      const [last, { start, projector }, parts] = [settings, settings, [...new URLSearchParams(link)]];
      const next = { ...settings, ...structuredClone(start), projector };
      let part;
      try {
        for (part of parts) put(next, start, part);
        for (const name in start) if (Array.isArray(next[name])) next[name] = Object.values(next[name]); // closes gaps
        const checks = allows(next, own);
        for (part of parts) {
          const [name] = part[0].split(".");
          if (!(checks[name]?.(next[name]) ?? shape(next[name]) === shape(start[name]))) throw new Error(name);
        }
        [part, settings] = [[link], settle(next, next)];
        keep({ notice: "" });
      } catch {
        settings = last;
        return keep({ notice: "refused", refused: part.join("=") });
      }
      tell(last);
      return last;
    }

    const theme = followTheme(root, settings.palette);
    theme.update();
    draw();
    // An observer provides the sizes, since reading them while drawing would force a layout. All
    // charts are at least 200 px wide.
    const resized = new ResizeObserver((entries) => {
      theme.update();
      for (const { target, contentRect } of entries) sizes[target.dataset.fit] = Math.max(200, contentRect.width);
      draw();
    });
    for (const node of [root, ...root.querySelectorAll("[data-fit]")]) resized.observe(node);
    root.addEventListener("keydown", ({ key }) => key === "Escape" && settings.projector && change({ projector: false }));
    root.addEventListener("toggle", project, true); // when a section unfolds
    const end = () => [theme.end(), resized.disconnect(), own.end?.(), root.remove()];
    return { root, update, open, end };
  }

  /** Render a view for anywidget. Python receives changes every 100 ms and at the end of a drag. */
  function renderModel({ model, el }) {
    const constants = model.get("constants");
    const names = Object.keys(constants.start);
    const read = () => Object.fromEntries(names.map((name) => [name, model.get(name)]));
    let [unsent, timer, isBusy] = [{}, undefined, false];
    const onchange = (changed) => {
      Object.assign(unsent, changed);
      timer ??= setTimeout(send, 100);
    };
    const live = mount(el, { ...constants, ...read() }, { onchange });
    function send() {
      timer = clearTimeout(timer);
      isBusy = true;
      // Send the changes in the order of the settings, since some settings limit later settings.
      for (const name of names) if (name in unsent) model.set(name, unsent[name]);
      [unsent, isBusy] = [{}, false];
      // Without a kernel, ipywidgets would report an error for every change.
      if (model.widget_manager?.kernel !== null) model.save_changes();
    }
    const follow = () => isBusy || live.update({ ...read(), ...unsent });
    for (const event of ["change", "click", "pointerup", "keyup"]) {
      live.root.addEventListener(event, () => timer && send());
    }
    model.on("change", follow);
    return () => [model.off("change", follow), timer && send(), live.end()];
  }
  return { mount, render: renderModel };
}
