"""What every widget of the series has in common."""

from base64 import b64encode
from importlib.resources import files

import anywidget


class Widget(anywidget.AnyWidget):
    """A widget that leaves a picture where it cannot live.

    A subclass names its `face`, the .js and .css file in static/, and draws its `picture()`.
    """

    # On ipywidgets 7 this method would go round the picture in `_repr_mimebundle_`.
    _ipython_display_ = None

    def __init_subclass__(cls, **kwargs):
        # The browser loads the module from a blob, where it can import nothing: hence one text.
        if "face" in cls.__dict__:  # and not for the class that traitlets derives for each widget
            cls._esm, cls._css = (_joined(kind, "base", cls.face) for kind in ("js", "css"))
        super().__init_subclass__(**kwargs)

    def __init__(self, **kwargs):
        self.by_browser = False
        super().__init__(**kwargs)

    def set_state(self, sync_data):
        """Take over what the browser sends; `by_browser` tells observers who is at work."""
        self.by_browser = True
        try:
            super().set_state(sync_data)
        finally:
            self.by_browser = False

    def picture(self):
        """The state as a still `Plot`."""
        raise NotImplementedError

    def __repr__(self):
        # The same in every run: a saved notebook can be compared with a new one.
        return type(self).__name__

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        png, about = self.picture()._repr_png_()
        data["image/png"] = b64encode(png).decode()
        metadata["image/png"] = about
        return data, metadata


def _joined(kind, *names):
    static = files("gatewise.widgets") / "static"
    return "\n".join((static / f"{name}.{kind}").read_text(encoding="utf-8") for name in names)
