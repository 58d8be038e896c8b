// What the faces of all widgets share. Python puts this text before each widget's own.

const SVG = "http://www.w3.org/2000/svg";
// Jupyter's shortcuts would take the arrow keys; the mark must stand on the focused element itself.
const KEYS = { "data-lm-suppress-shortcuts": "true" };

/** An element with attributes and children; `svg:path` is one of SVG's. */
function make(name, attributes = {}, ...children) {
  const node = name.startsWith("svg:")
    ? document.createElementNS(SVG, name.slice(4))
    : document.createElement(name);
  set(node, attributes);
  node.append(...children);
  return node;
}

/** Put attributes; not what stands there already: the browser would lay it out anew. */
function set(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (node.getAttribute(key) !== String(value)) node.setAttribute(key, value);
  }
}

/** The same for a text, which a screen reader would also read out anew. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** The same for children, one by one. */
function setChildren(node, children) {
  const old = [...node.childNodes];
  children.forEach((child, n) => {
    if (n >= old.length) node.append(child);
    else if (!child.isEqualNode(old[n])) old[n].replaceWith(child);
  });
  for (const child of old.slice(children.length)) child.remove();
}

/** A number for reading: two decimals, a true minus sign, on demand a plus sign. */
function number(value, sign = false) {
  const text = Math.abs(value).toFixed(2);
  const mark = Number(text) === 0 ? "" : value < 0 ? "−" : sign ? "+" : "";
  return mark + text;
}

/** A place where the value called `name` is shown; see `fillIn`. */
function place(name, sign = false) {
  return make("span", { class: "number", "data-value": name, ...(sign && { "data-sign": "" }) });
}

/** Write each value into the places made for it. */
function fillIn(root, values) {
  for (const node of root.querySelectorAll("[data-value]")) {
    setText(node, number(values[node.dataset.value], "sign" in node.dataset));
  }
}

/** A letter of the equations with its index: `h_t−1`. */
function letter(text) {
  const [base, index] = text.split("_");
  return make("span", { class: "letter" }, base, ...(index ? [make("sub", {}, index)] : []));
}

/** `say("{n} times", {n: 3})`. */
function say(sentence, parts) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => parts[name]);
}

/** A slider; `name` is for screen readers, `oninput` gets the number. */
function slider(name, [min, max, step], oninput) {
  const node = make("input", { type: "range", min, max, step, "aria-label": name, ...KEYS });
  node.addEventListener("input", () => oninput(Number(node.value)));
  return node;
}

/** Put a slider at a value; its track is filled from zero. */
function slide(node, value, says) {
  const at = (v) => (100 * (Math.max(node.min, Math.min(node.max, v)) - node.min)) / (node.max - node.min);
  node.value = value;
  node.style.setProperty("--from", `${at(Math.min(value, 0))}%`);
  node.style.setProperty("--to", `${at(Math.max(value, 0))}%`);
  set(node, { "aria-valuetext": says });
}

function button(content, onclick, attributes = {}) {
  const node = make("button", { type: "button", ...attributes, ...KEYS }, ...content);
  node.addEventListener("click", onclick);
  return node;
}

/** Mark the root as dark or light, as Jupyter is, or else Colab, or else the system. */
function followTheme(root) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const update = () => {
    const jupyter = document.body.dataset.jpThemeLight;
    const colab = document.documentElement.getAttribute("theme");
    const isDark = jupyter ? jupyter === "false" : colab ? colab === "dark" : dark.matches;
    root.dataset.theme = isDark ? "dark" : "light";
  };
  const observer = new MutationObserver(update);
  observer.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  observer.observe(document.documentElement, { attributeFilter: ["theme"] });
  dark.addEventListener("change", update);
  update();
  return () => {
    observer.disconnect();
    dark.removeEventListener("change", update);
  };
}

/** Tell Python: ten times a second while something is dragged, and at once when it is let go. */
function outbox(model) {
  let timer;
  const now = () => {
    clearTimeout(timer);
    timer = undefined;
    // Once the kernel is gone there is nobody to tell, and ipywidgets would complain at each try.
    if (model.widget_manager?.kernel !== null) model.save_changes();
  };
  return { now, soon: () => (timer ??= setTimeout(now, 100)) };
}
