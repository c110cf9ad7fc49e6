"""Run Krita's own importer of plug-ins: `importing.py ZIP RESOURCES`; it needs Krita's `i18n`."""

import builtins
import runpy

builtins.i18n = str
runpy.run_path("/usr/share/krita/pykrita/plugin_importer/plugin_importer.py", run_name="__main__")
