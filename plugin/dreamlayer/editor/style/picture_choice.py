"""The list of style pictures, but for its widgets: what is opened for it, and what it says."""

from ..messages import RefusedError
from .sending import weights_of


class PictureChoice:
    """A list to add to, and to remove from; a class of the toolkit's adds the widgets.

    Its rows are widgets; each has a `text`, as an argument names the picture, and a `style`, which
    has a `weight`.
    """

    def begin_with(self, changed, warn):
        """To be called once, before anything else.

        Parameters
        ----------
        changed : callable
            Called after each change.
        warn : callable
            Called with a sentence where something cannot be added, and whether something else was.
        """
        self._changed, self._warn, self._rows = changed, warn, []

    def open_picture(self, text):
        """Open the picture that a text names; `RefusedError` where that cannot be done."""
        raise NotImplementedError

    def close_picture(self, style):
        """Close what was opened."""

    def is_there(self, row):
        """Whether a row's picture still exists."""
        raise NotImplementedError

    def make_row(self, text, style, weight):
        """A row for a picture that is open."""
        raise NotImplementedError

    def put_in(self, row):
        """Show a row at the end of the list."""
        raise NotImplementedError

    def take_out(self, row):
        """Remove a row from what is shown."""
        raise NotImplementedError

    def weight_in(self, row):
        """The weight that is set in a row."""
        raise NotImplementedError

    def show_empty(self, empty):
        """Say what to do while the list is empty."""
        raise NotImplementedError

    def on_replaced(self):
        """Called once other pictures are shown."""

    def styles(self):
        """The style pictures, with their weights."""
        for row in self._rows:
            row.style.weight = round(self.weight_in(row), 3)
        return [row.style for row in self._rows]

    def texts(self):
        """The pictures as a procedure's argument names them."""
        return [row.text for row in self._rows]

    def are_there(self):
        """For each picture, whether it still exists."""
        return [self.is_there(row) for row in self._rows]

    def add_all(self, texts, weights=""):
        """Add those of these pictures that are there."""
        rows, problem = self._rows_of(texts, weights)
        if rows:
            self._add(rows)
            self._changed()
        if problem:
            self._warn(problem, bool(rows))

    def replace(self, texts, weights):
        """Show those of these pictures that are there in place of what is shown.

        Where pictures are named and none of them is there, the list stays as it is.
        """
        rows, problem = self._rows_of(texts, weights)
        if rows or not texts:
            for row in self._rows:
                self._close(row)
            self._rows = []
            self._add(rows)
        # Also where the list stays: what is set may name others.
        self._changed()
        if problem:
            self._warn(problem, bool(self._rows))
        self.on_replaced()

    def remove_row(self, row):
        """Remove a picture."""
        self._rows.remove(row)
        self._close(row)
        self.show_empty(not self._rows)
        self._changed()

    def end(self):
        """Close what was opened for the list."""
        for row in self._rows:
            self.close_picture(row.style)

    def _rows_of(self, texts, weights):
        """A row for each of these pictures that is there, and why another is not, or None."""
        try:
            values = weights_of(weights, len(texts))
        except RefusedError:
            values = [1.0] * len(texts)
        rows, problem = [], None
        try:
            for text, weight in zip(texts, values):
                try:
                    rows.append(self._opened_row(text, weight))
                except RefusedError as error:
                    problem = problem or str(error)
        except BaseException:
            for row in rows:
                self.close_picture(row.style)
            raise
        return rows, problem

    def _opened_row(self, text, weight):
        """Open a picture; its row."""
        style = self.open_picture(text)
        try:
            return self.make_row(text, style, weight)
        except BaseException:
            self.close_picture(style)
            raise

    def _add(self, rows):
        for row in rows:
            self.put_in(row)
            self._rows.append(row)
        self.show_empty(not self._rows)

    def _close(self, row):
        self.take_out(row)
        self.close_picture(row.style)
