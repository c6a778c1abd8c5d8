"""Finds a Chromium for the browser tests; run as a module it installs one where there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# In a process of its own: Playwright allows one event loop per thread, and the tests may be using it.
OWN = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""
INSTALLS = (
    ["apt-get", "update", "-qq"],
    ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
)


def find() -> str | None:
    """The program to drive: `$CHROMIUM`, the system's, or Playwright's own; None where there is none."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    for name in NAMES:
        if path := shutil.which(name):
            return path
    asked = subprocess.run([sys.executable, "-c", OWN], check=False, capture_output=True, text=True)
    own = asked.stdout.strip()
    return own if own and Path(own).exists() else None


def install() -> str | None:
    """Install one, as root from the distribution, else Playwright's own; its path, or None."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for command in INSTALLS:
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    if found := find():
        return found
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    return find()


def main() -> None:
    """Make sure that there is one; without one, fail under CI and warn elsewhere."""
    path = find() or install()
    if path:
        sys.stdout.write(f"Browser tests use {path}\n")
        return
    message = "No Chromium found, and none could be installed: install one, or set CHROMIUM to its path."
    if os.environ.get("CI"):
        sys.exit(f"Error: {message}")
    sys.stderr.write(f"{'!' * 100}\n{message} THE BROWSER TESTS WILL BE SKIPPED.\n{'!' * 100}\n")


if __name__ == "__main__":
    main()
