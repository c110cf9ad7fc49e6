"""What all editors share: the worker's client, settings, sentences and languages.

The modules here are for Python 2.7 and 3, those in `dialog` and `style` for 3.8 and later. GIMP
finds them as `editor`, and Krita as `dreamlayer.editor`, so they import each other by dots.
"""
