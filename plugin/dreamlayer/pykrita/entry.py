"""Deep Dream in Krita: the package that Krita imports when it starts."""

from .pykrita.plugin import register

register()
