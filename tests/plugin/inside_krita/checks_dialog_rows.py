"""The rows of the dialogs, in Krita's own Python and Qt: what they show is what is set."""

from dialog_scene import Given, type_into

from dreamlayer.editor.settings import DREAM, STYLE
from dreamlayer.pykrita.dialog.mnemonics import label
from dreamlayer.pykrita.dialog.numbers import NumberField, Slider
from dreamlayer.pykrita.qt import Qt, QtCore, QtGui, QtWidgets

OTHER = {"int": 3, "float": 0.4}


def check_each_row_shows_and_sets_its_argument():
    """Of all parameters of both filters, in both directions."""
    for kind in (DREAM, STYLE):
        given = Given(kind)
        for parameter in given.settings.parameters.values():
            _check_row(given, parameter)


def _check_row(given, parameter):
    name, title = parameter.name.replace("_", "-"), parameter.title
    if parameter.kind == "bool":
        boxes = given.side.findChildren(QtWidgets.QCheckBox)
        box = next(one for one in boxes if one.text() == label(title))
        box.setChecked(not parameter.default)
        assert given.config.get_property(name) is not parameter.default, name
        given.config.set_property(name, parameter.default)
        assert box.isChecked() == parameter.default, name
        return
    titles = {"strength": "S_trength", "seed": "S_eed"}
    widget = given.row(titles.get(parameter.name, title))
    if isinstance(widget, NumberField):
        for value in (parameter.low, parameter.high, parameter.default):
            given.config.set_property(name, value)
            assert abs(widget.number() - value) < 1e-9, (name, widget.number(), value)
        value = min(max(OTHER[parameter.kind], parameter.low), parameter.high)
        widget.setValue(value)
        assert given.config.get_property(name) == value, name
        assert type(given.config.get_property(name)) is type(parameter.default), name
    elif parameter.choices:
        for number, choice in enumerate(parameter.choices):
            given.config.set_property(name, choice)
            assert widget.currentData() == choice, name
            widget.setCurrentIndex(number)
            widget.activated.emit(number)
            assert given.config.get_property(name) == choice, name
    elif parameter.name != "guide":
        given.config.set_property(name, "mixed4:0.5")
        assert widget.currentText() == "mixed4:0.5", name
        widget.setEditText("mixed3")
        assert given.config.get_property(name) == "mixed3", name


def check_outputs_of_krita_alone_are_offered():
    """Nothing in place, which Krita could not undo; and the page of an animation with its rows."""
    given = Given()
    output = given.row("_Output")
    found = [output.itemData(number) for number in range(output.count())]
    assert found == ["new-layer", "paint-in", "new-image", "animation"], found
    pages = given.side.findChild(QtWidgets.QTabWidget)
    before = pages.count()
    given.config.set_property("output", "animation")
    assert pages.count() == before + 1 and pages.currentIndex() == before
    given.config.set_property("frame-time", 120)
    assert given.row("Frame time (ms)").number() == 120
    given.config.set_property("output", "new-layer")
    assert pages.count() == before and pages.currentIndex() == 0


def check_numbers_are_typed_with_points_and_commas():
    """Whatever the language; what is out of range becomes the closest number."""
    for language in ("en", "de"):
        field = NumberField(0.0, 100.0, 0.01, 2)
        locale = QtCore.QLocale(language)
        field.setLocale(locale)
        field.show()
        for text, value in (("0.25", 0.25), ("0,125", 0.125), ("7", 7.0), ("1234", None)):
            type_into(field, text)
            field.interpretText()
            assert value in (None, field.number()), (language, text, field.number())
        assert field.number() <= 100
        field.setValue(0.5)
        assert field.text() == ("0,50" if language == "de" else "0.50"), field.text()


def check_negative_numbers_are_typed_in_all_languages():
    """Also where Qt writes another minus than keyboards have: what it wrote can be edited."""
    for language in ("en", "sv", "nb", "fi", "sl", "fa", "ar_EG", "he"):
        field = NumberField(-100.0, 100.0, 0.01, 2)
        field.setLocale(QtCore.QLocale(language))
        field.show()
        field.setValue(-2.5)
        state, *_ = field.validate(field.text(), 0)
        assert state == QtGui.QValidator.State.Acceptable, (language, field.text())
        assert field.valueFromText(field.text()) == -2.5, (language, field.text())
        type_into(field, "-7.25")
        field.interpretText()
        assert field.number() == -7.25, (language, field.text())


def check_fields_show_all_digits_of_their_number():
    """A number that a script set is not rounded."""
    field = NumberField(0.0, 1.0, 0.01, 2)
    field.setLocale(QtCore.QLocale("en"))
    field.show_number(0.123456)
    assert field.text() == "0.123456" and field.number() == 0.123456, field.text()
    auto = NumberField(0, 32, 1, whole=True, auto=True)
    assert auto.text() and not auto.text().isdigit(), auto.text()


def check_sliders_leave_numbers_beyond_their_ends():
    """A field takes more than the slider beside it, and keeps it."""
    field, slider = NumberField(0.0, 8.0, 0.01, 2), Slider(0.0, 3.0, 0.01)
    slider.tie(field)
    field.setValue(5.0)
    assert slider.value() == slider.maximum() and field.number() == 5.0
    slider.setValue(150)
    assert field.number() == 1.5


def check_wheel_over_a_field_changes_nothing():
    """The page is scrolled, unless the field has the focus."""
    given = Given()
    for title in ("_Output", "Steps", "Octave scale"):
        widget = given.row(title)
        assert widget.focusPolicy() == Qt.FocusPolicy.StrongFocus
        before = given.config.values()
        point, none = QtCore.QPoint(5, 5), QtCore.QPoint(0, 0)
        event = QtGui.QWheelEvent(
            QtCore.QPointF(point), QtCore.QPointF(widget.mapToGlobal(point)), none,
            QtCore.QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        widget.clearFocus()
        QtWidgets.QApplication.sendEvent(widget, event)
        assert given.config.values() == before, title


def check_no_page_is_wider_than_the_side():
    """Of both filters, so that nothing is cut off."""
    for kind in (DREAM, STYLE):
        side = Given(kind).side
        pages = side.findChild(QtWidgets.QTabWidget)
        for number in range(pages.count()):
            page = pages.widget(number)
            assert page.minimumSizeHint().width() <= side.width() - 8, pages.tabText(number)
        assert side.minimumSizeHint().height() <= 590, side.minimumSizeHint()


def check_labels_have_mnemonics_of_qt():
    """The shared texts carry GTK's."""
    assert label("S_trength") == "S&trength"
    assert label("Black & white") == "Black && white"
    assert label("snake__case") == "snake_case"
