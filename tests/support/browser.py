"""A page in a real browser, without a screen: what it does there, and every error it meets."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
# Anything that the page would fetch, and any error, is noted before its own scripts run.
WATCH = """
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;
  script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<script>
const errors = [];
addEventListener("error", (event) => errors.push(event.message));
addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
addEventListener("securitypolicyviolation", (event) => errors.push(`asks for ${event.blockedURI}`));
for (const name of ["error", "warn"]) console[name] = (...words) => errors.push(words.join(" "));
const all = (selector) => [...document.querySelectorAll(selector)];
const shown = (element) => element.getClientRects().length > 0;
</script>
"""


def drive(page: Path, script: str, extra: str = "", query: str = "") -> Any:
    """Load the page, run the body of an async function in it, return what that returns.

    query: of its address, with the question mark
    """
    found = f"""
    {extra}
    <script>(async () => {{
      let result;
      try {{ result = await (async () => {{ {script} }})(); }}
      catch (error) {{ errors.push(String(error)); }}
      const pre = document.createElement("pre");
      pre.id = "found";
      pre.textContent = JSON.stringify({{ result, errors }});
      document.body.append(pre);
    }})();</script>"""
    text = page.read_text(encoding="utf-8")
    text = text.replace("<head>", "<head>" + WATCH, 1).replace("</body>", found + "</body>", 1)
    driven = page.with_name("driven.html")
    driven.write_text(text, encoding="utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu"]
    command += ["--disable-background-networking", "--disable-dev-shm-usage", "--hide-scrollbars"]
    command += ["--virtual-time-budget=20000", "--window-size=1200,900", "--dump-dom"]
    done = subprocess.run(
        [*command, driven.as_uri() + query], capture_output=True, text=True, timeout=90, check=True
    )
    match = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert match is not None, done.stderr[-500:]
    document = json.loads(html.unescape(match[1]))
    assert document["errors"] == []
    return document.get("result")
