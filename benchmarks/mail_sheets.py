"""Mails as people see them: .eml files in, a picture each out, by a browser: at 800 and 375 pixels, in the dark, and with images off.

python -m benchmarks.mail_sheets OUTBOX PICTURES [--browser chromium]
"""

import argparse
import base64
import html
import subprocess
import tempfile
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

DESKTOP, PHONE = 800, 375
LOOKS: dict[str, tuple[int, bool]] = {"desktop": (DESKTOP, True), "phone": (PHONE, True), "phone, images off": (PHONE, False)}
"""By name: how wide, and whether pictures show."""
DARK = "--blink-settings=preferredColorScheme=0"
SHEET = """<!doctype html><meta charset="utf-8"><style>body{{margin:8px;background:#888;font:14px sans-serif}}
div{{display:inline-block;vertical-align:top;margin-right:12px}} iframe{{border:0;display:block}}</style><h3>{subject}</h3>{frames}
<pre style="display:inline-block;vertical-align:top;background:#fff;padding:12px;margin:0;font-size:12px">{text}</pre>
<script>
onload = () => {{
  for (const f of document.querySelectorAll("iframe")) f.style.height = f.contentDocument.documentElement.scrollHeight + "px"
}}
</script>"""


def sheet(message: EmailMessage) -> str:
    """One page with the mail in each look, and its text."""
    page, text = message.get_body(("html",)), message.get_body(("plain",))
    content = str(page.get_content()) if page else ""
    images = {
        str(part["Content-ID"]).strip("<>"): base64.b64encode(part.get_content()).decode()
        for part in message.walk()
        if part.get_content_maintype() == "image"
    }
    frames = [_frame(content, images if shows else {}, width, name) for name, (width, shows) in LOOKS.items()]
    said = html.escape(str(text.get_content()) if text else "")
    return SHEET.format(subject=html.escape(str(message["Subject"])), frames="".join(frames), text=said)


def _frame(content: str, images: dict[str, str], width: int, name: str) -> str:
    for cid, data in images.items():
        content = content.replace(f"cid:{cid}", f"data:image/png;base64,{data}")
    return f'<div><p>{name}</p><iframe width="{width}" srcdoc="{html.escape(content, quote=True)}"></iframe></div>'


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("outbox", type=Path)
    asked.add_argument("pictures", type=Path)
    asked.add_argument("--browser", default="chromium")
    asked.add_argument("--height", type=int, default=2400)
    given = asked.parse_args()
    given.pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted(given.outbox.glob("*.eml")):
            message = message_from_bytes(file.read_bytes(), policy=default)
            page = Path(folder) / "mail.html"
            page.write_text(sheet(message) if isinstance(message, EmailMessage) else "", "utf-8")
            for shade in ("light", "dark"):
                target = given.pictures / f"{file.stem}.{shade}.png"
                flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size=2450,{given.height}"]
                more = [DARK] if shade == "dark" else []
                subprocess.run([given.browser, *flags, *more, f"--screenshot={target}", page.as_uri()], check=True, capture_output=True)
                print(target)


if __name__ == "__main__":
    main()
