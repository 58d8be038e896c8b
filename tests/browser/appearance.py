"""Checks for overlapping, overflowing and low-contrast labels, and for axe violations."""

import re

import numpy as np
from axe_playwright_python.sync_playwright import Axe

# Options for browser contexts. The "narrow" viewport is as wide as a phone.
LOOKS = {
    "light": {"viewport": {"width": 1200, "height": 900}},
    "dark": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 844}},
}

# Compare the boxes of all labels, which are SVG text elements, lines of HTML text, and controls.
BOXES = """root => {
    const boxes = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode()); ) {
        const label = node.parentElement.closest("text") ?? node.parentElement;
        if (!node.data.trim() || label.closest("option, style")) continue;
        if (getComputedStyle(label).visibility === "hidden") continue;
        if (label.getBoundingClientRect().width < 2) continue;  // for screen readers alone
        const range = document.createRange();
        range.selectNodeContents(node);
        const isSvg = label.tagName === "text";
        for (const box of isSvg ? label.getClientRects() : range.getClientRects())
            boxes.push({label, text: label.textContent.trim(), isSvg, box});
    }
    for (const label of root.querySelectorAll("input, select, button")) {
        if (!label.getClientRects().length) continue;
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
    """Return the number of labels, the overlapping pairs, and the labels outside the view."""
    return root.evaluate(BOXES)


# Jupyter's page has zero height and clips its content. Axe treats clipped text as invisible and
# doesn't check its contrast.
UNCLIPPED = ":has([data-judged]) { overflow: visible !important; contain: none !important }"
# For each given node, return the index of the judged element that contains the node.
PASSED = """(parts) => parts.map((part) =>
    Number(document.querySelector(part).closest("[data-judged]").dataset.judged))"""


def violations(roots, rule="color-contrast"):
    """Return the axe violations in some elements, as a list of pairs (rule, nodes).

    roots: a locator for the elements. rule: an axe rule; each element must contain a node to which
    this rule applies.
    """
    page, number = roots.page, roots.count()
    roots.evaluate_all("nodes => nodes.forEach((node, n) => (node.dataset.judged = n))")
    style = page.add_style_tag(content=UNCLIPPED)
    # Listing all passing nodes takes longer than the checks themselves. If there is a single
    # element, one passing node is enough.
    options = {"resultTypes": ["violations", "passes"] if number > 1 else ["violations"]}
    found = Axe().run(page, context="[data-judged]", options=options).response
    judged = [v for v in found["passes"] + found["violations"] if v["id"] == rule]
    parts = [node["target"][0] for v in judged for node in v["nodes"]]
    assert set(page.evaluate(PASSED, parts)) == set(range(number))
    style.evaluate("node => node.remove()")
    roots.evaluate_all("nodes => nodes.forEach(node => delete node.dataset.judged)")
    return [(v["id"], [node["html"] for node in v["nodes"]]) for v in found["violations"]]


# For each label in a picture, return its text, color and opacity, and the color and opacity of each
# shape behind its center, from back to front. The color of the label's outline comes last.
LABELS = """svg => {
    const opacity = (node, inside) => {
        for (; node !== svg; node = node.parentElement) inside *= getComputedStyle(node).opacity;
        return inside;
    };
    const isSeen = text => text.textContent && text.getClientRects().length;
    return [...svg.querySelectorAll("text")].filter(isSeen).map(text => {
        const label = text.getBoundingClientRect();
        const [x, y] = [label.x + label.width / 2, label.y + label.height / 2];
        const below = [...svg.querySelectorAll("rect, circle")].filter(shape => {
            const {left, right, top, bottom} = shape.getBoundingClientRect();
            return getComputedStyle(shape).fill !== "none"
                && shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING
                && left < x && x < right && top < y && y < bottom;
        });
        const paint = shape => getComputedStyle(shape);
        const grounds = below.map(shape =>
            [paint(shape).fill, opacity(shape, paint(shape).fillOpacity)]);
        if (paint(text).stroke !== "none") grounds.push([paint(text).stroke, 1]);
        return [text.textContent, paint(text).fill, opacity(text, 1), grounds];
    });
}"""


def luminance(rgb):
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def rgb(color):
    return np.array(re.findall(r"[\d.]+", color)[:3], dtype=float) / 255


def hard_to_read(picture):
    """Return the labels in a picture whose contrast with the background is too low."""
    found = []
    labels = picture.evaluate(LABELS)
    assert labels
    for text, ink, dim, (whole, *shapes) in labels:
        assert whole[1] == 1  # the picture's background must be opaque
        ground = rgb(whole[0])
        for color, opacity in shapes:
            ground = opacity * rgb(color) + (1 - opacity) * ground
        if contrast(dim * rgb(ink) + (1 - dim) * ground, ground) < 4.5:
            found.append(text)
    return found
