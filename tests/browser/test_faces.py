"""The checks of a face find what is wrong with it, in a page that clips as Jupyter's does."""

from faces import labels, violations

# A box of no height that hides what sticks out, and in it a face with three faults.
PAGE = """<body style="height: 0; overflow: hidden">
<div class="gatewise" style="width: 300px; background: white; font: 16px sans-serif">
    <p style="color: #aaa">pale</p>
    <button></button>
    <p style="height: 8px">one</p><p>two</p>
    <p style="margin-left: 290px">outside</p>
    <style>p { margin: 0 }</style>
</div>"""


def test_pale_letters_a_nameless_button_and_labels_that_meet_are_found(browser):
    page = browser.new_page()
    page.set_content(PAGE)
    face = page.locator(".gatewise")
    found = dict(violations(face))
    assert found.keys() == {"button-name", "color-contrast"}
    assert "pale" in found["color-contrast"][0]
    count, meetings, outside = labels(face)
    assert (count, meetings, outside) == (5, ["one | two"], ["outside"])
    page.close()
