"""What the buttons for the painter's own presets do: save, rename and delete, with questions."""

from ..settings import SettingError
from . import own_files, words


class OwnChoice:
    """The buttons, but for their widgets, which a class of the toolkit's adds."""

    def begin_with(self, settings, now, picture, changed):
        """To be called once, before anything else.

        Parameters
        ----------
        settings : settings.Settings
            The presets.
        now : callable
            Gives the recipe that is set, without what is left to the seed; raises `SettingError`.
        picture : callable
            Writes a small picture of the present preview to a path.
        changed : callable
            Called with the name of the preset to mark, or None, after a change; with `saved=True`
            where it was saved.
        """
        self._settings, self._now, self._picture = settings, now, picture
        self._changed, self._name = changed, None

    def question(self, title, name, with_about=False):
        """A dialog that asks for a preset's name, and perhaps for a sentence about it.

        Returns
        -------
        object
            `answer()` asks, and gives name and sentence, or None where the painter does not want
            it; `agrees(text)` asks once more; `warn(text)` says what is wrong with the name;
            `close()` ends it.
        """
        raise NotImplementedError

    def agrees(self, text):
        """Whether the painter agrees to a deletion."""
        raise NotImplementedError

    def tell(self, text):
        """Say why something failed."""
        raise NotImplementedError

    def allow(self, saving, changing):
        """Let the painter save a preset; and rename or delete the one that is chosen."""
        raise NotImplementedError

    def show_preset(self, name):
        """Tell which preset is chosen."""
        self._name = name if name in own_files.mine(self._settings) else None
        self.allow(bool(self._settings.presets_folder), self._name is not None)

    def save(self):
        """Ask for a name until the preset is saved, or not wanted."""
        asked = self.question(words.SAVE, self._name or "", with_about=True)
        for name, about in iter(asked.answer, None):
            same = {n.lower() for n in own_files.mine(self._settings)} & {name.lower()}
            if same and not asked.agrees(words.REPLACE.format(name=name)):
                continue
            try:
                recipe = self._now()
                name = own_files.save(self._settings, name, recipe, about, self._picture)
            except SettingError as error:
                asked.warn(str(error))
                continue
            own_files.read_back(self._settings, name, recipe, about)
            self._changed(name, saved=True)
            break
        asked.close()

    def rename(self):
        """Ask for another name until the preset has it, or it is not wanted."""
        asked = self.question(words.RENAME, self._name)
        for new, _about in iter(asked.answer, None):
            try:
                name = own_files.rename(self._settings, self._name, new)
            except SettingError as error:
                asked.warn(str(error))
                continue
            preset = self._settings.presets.pop(self._name)
            self._settings.presets[name] = dict(preset, title=name)
            self._changed(name)
            break
        asked.close()

    def delete(self):
        """Delete the preset, where the painter agrees."""
        if not self.agrees(words.DELETE.format(name=self._name)):
            return
        try:
            own_files.delete(self._settings, self._name)
        except SettingError as error:
            self.tell(str(error))
            return
        del self._settings.presets[self._name]
        self._changed(None)
