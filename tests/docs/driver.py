"""One interpreter a page: sources come as JSON lines, and are carried out in one namespace."""

import contextlib
import io
import json
import sys
import traceback

sys.path[0] = ""  # the page's folder, not this one
namespace = {"__name__": "__main__"}
answers = sys.stdout
for line in sys.stdin:
    printed = io.StringIO()
    error = ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(json.loads(line), "page", "exec"), namespace)
        except BaseException:
            error = traceback.format_exc()
    answers.write(json.dumps({"printed": printed.getvalue(), "error": error}) + "\n")
    answers.flush()
