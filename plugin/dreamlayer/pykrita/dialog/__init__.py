"""The widgets of the filters' dialogs in Krita: a preview at the left, settings at the right.

Modules and classes are called as GIMP's in `gimp3/dialog/`; what both share is `editor/dialog/`.
"""
