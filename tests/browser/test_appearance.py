"""The appearance checks find faults even on a page that clips its content, as Jupyter does."""

from appearance import labels, violations

# A view with faults, on a page that has zero height and hides its overflow.
PAGE = """<body style="height: 0; overflow: hidden">
<main style="width: 300px; background: white; font: 16px sans-serif">
    <p style="color: #aaa">pale</p>
    <button></button>
    <p style="height: 8px">one</p><p>two</p>
    <p style="margin-left: 290px">outside</p>
    <style>p { margin: 0 }</style>
</main>"""


def test_pale_letters_a_nameless_button_and_overlapping_labels_are_found(browser):
    page = browser.new_page()
    page.set_content(PAGE)
    view = page.locator("main")
    found = dict(violations(view))
    assert found.keys() == {"button-name", "color-contrast"}
    assert "pale" in found["color-contrast"][0]
    count, meetings, outside = labels(view)
    assert (count, meetings, outside) == (5, ["one | two"], ["outside"])
    page.close()
