"""Checks of a view: labels that overlap or stick out, and the violations that axe finds."""

from axe_playwright_python.sync_playwright import Axe

# Options of a browser context; narrow is a phone's width.
LOOKS = {
    "light": {"viewport": {"width": 1200, "height": 900}},
    "dark": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 844}},
}

# The boxes of all labels: SVG texts, lines of other texts, and controls.
BOXES = """root => {
    const boxes = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()); ) {
        const label = node.parentElement.closest("text") ?? node.parentElement;
        if (!node.data.trim() || label.closest("option, style")) continue;
        if (getComputedStyle(label).visibility === "hidden") continue;
        if (label.getBoundingClientRect().width <= 1) continue;  // for screen readers alone
        const range = document.createRange();
        range.selectNodeContents(node);
        const isSvg = label.tagName === "text";
        for (const box of isSvg ? label.getClientRects() : range.getClientRects())
            boxes.push({label, text: label.textContent.trim(), isSvg, box});
    }
    for (const label of root.querySelectorAll("input, select, button")) {
        const text = label.getAttribute("aria-label") ?? label.textContent;
        const {left, right, top, bottom} = label.getBoundingClientRect();
        const air = label.type === "range" ? (bottom - top - 14) / 2 : 0; // beside its knob
        const box = {left, right, top: top + air, bottom: bottom - air};
        boxes.push({label, text, isControl: true, box});
    }
    const isOne = (a, b) =>
        a.isSvg ? a.label === b.label : b.isControl && b.label.contains(a.label);
    const meet = (a, b) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5;
    const found = boxes.flatMap((a, n) => boxes.slice(n + 1)
        .filter(b => !isOne(a, b) && meet(a.box, b.box))
        .map(b => `${a.text} | ${b.text}`));
    const {left, right} = root.getBoundingClientRect();
    const outside = boxes.filter(({box}) => box.left < left - 1 || box.right > right + 1);
    return [boxes.length, found, outside.map(({text}) => text)];
}"""


def labels(root):
    """Return the number of labels, the pairs that overlap, and the labels that stick out."""
    return root.evaluate(BOXES)


# Jupyter's page is a box without height. Anything clipped by it counts as invisible, and axe
# doesn't check the contrast of invisible text.
UNCLIPPED = ":has([data-judged]) { overflow: visible !important; contain: none !important }"
# The judged elements in which something passed a rule.
PASSED = """(parts) => parts.map((part) =>
    Number(document.querySelector(part).closest("[data-judged]").dataset.judged))"""


def violations(roots, rule="color-contrast"):
    """Return axe's violations in some elements: pairs of a rule and the nodes that break it.

    roots: a locator. rule: something in each element must pass or break this rule, which proves
    that axe sees the element.
    """
    page, number = roots.page, roots.count()
    roots.evaluate_all("nodes => nodes.forEach((node, n) => (node.dataset.judged = n))")
    style = page.add_style_tag(content=UNCLIPPED)
    options = {"resultTypes": ["violations", "passes"]}
    found = Axe().run(page, context="[data-judged]", options=options).response
    judged = [v for v in found["passes"] + found["violations"] if v["id"] == rule]
    parts = [node["target"][0] for v in judged for node in v["nodes"]]
    assert set(page.evaluate(PASSED, parts)) == set(range(number))
    style.evaluate("node => node.remove()")
    roots.evaluate_all("nodes => nodes.forEach(node => delete node.dataset.judged)")
    return [(v["id"], [node["html"] for node in v["nodes"]]) for v in found["violations"]]
