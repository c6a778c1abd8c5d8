"""Two texts as one, as inert HTML: what only the earlier one has in `<del>`, what only the later one has in `<ins>`."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from html import escape
from typing import Final

from django.utils.safestring import SafeString

from annotator.projects.prose import inert, prose

PIECES_MAX: Final = 1_500  # comparing is quadratic: longer texts are shown as replaced whole
Run = tuple[str, str]  # what the earlier text has, and the later one has in its place
_BLOCKS = re.compile(
    r".*?(?:<(?:ul|ol|blockquote|table|thead|tbody|tr)\b[^>]*>"
    r"|</(?:p|ul|ol|li|blockquote|h\d|table|thead|tbody|tr|th|td)>)\s*|.+"
)
_WORDS = re.compile(r"<[^>]*>|&#?\w+;|\s+|\w+|[^\w\s]")
_RUNS = re.compile(r"<[^>]*>|[^<]+")
_TAG = re.compile(r"<(/?)(\w+)[^>]*>")
_EMPHASIS = re.compile(r"</?(?:em|strong|code)>")


def words_compared(old: str, new: str) -> SafeString:
    """Two plain texts, word by word."""
    return _compared(escape(old), escape(new))


def prose_compared(old: str, new: str) -> SafeString:
    """Two texts in Markdown as people read them, block by block and in these word by word."""
    return _compared(prose(old), prose(new))


def _compared(old: str, new: str) -> SafeString:
    """Both in one, for safe HTML; how their lines were wrapped makes no difference."""
    return inert(_merged(" ".join(old.split()), " ".join(new.split()), _BLOCKS, _WORDS))


def _merged(old: str, new: str, pieces: re.Pattern[str], *finer: re.Pattern[str]) -> str:
    before, after = pieces.findall(old), pieces.findall(new)
    if max(len(before), len(after)) > PIECES_MAX:
        return _marked(old, "del") + _marked(new, "ins")
    found = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    runs = [("".join(before[i:j]), "".join(after[k:m])) for _, i, j, k, m in found]
    if not finer:
        runs = _without_islands(runs)
    return "".join(
        come
        if gone == come
        else _merged(gone, come, *finer)
        if gone and come and finer
        else _marked(gone, "del") + _marked(come, "ins")
        for gone, come in runs
    )


def _without_islands(runs: Iterable[Run]) -> list[Run]:
    """The runs, without the few words that two sentences share by chance: what is rewritten is shown as rewritten."""
    kept: list[Run] = []
    for run in runs:
        kept.append(run)
        while len(kept) > 2 and _is_island(*kept[-3:]):  # noqa: PLR2004 - one run between two others
            gone, come = zip(*kept[-3:], strict=True)
            kept[-3:] = [("".join(gone), "".join(come))]
    return kept


def _is_island(before: Run, run: Run, after: Run) -> bool:
    """Whether the run is the same in both texts, shorter than what differs on each side of it, and all in one block."""
    is_same = run[0] == run[1] and before[0] != before[1] and after[0] != after[1]
    shore = min(max(map(len, before)), max(map(len, after)))
    return is_same and len(run[0]) <= shore and "<" not in _EMPHASIS.sub("", run[0])


def _marked(html: str, mark: str) -> str:
    """`html` with its words marked and its tags as they are.

    The tags of the later text stand anyhow, so that the whole is well formed. Of what is gone they are kept where
    they are whole, as of a paragraph; half of one would break the text around it.
    """
    if mark == "del" and not _is_whole(html):
        html = _TAG.sub(" ", _EMPHASIS.sub("", html))
    return "".join(
        run if run.startswith("<") or run.isspace() else f"<{mark}>{run}</{mark}>"
        for run in _RUNS.findall(html)
    )


def _is_whole(html: str) -> bool:
    """Whether every tag that is opened is closed in turn."""
    opened: list[str] = []
    for closes, name in _TAG.findall(html):
        if not closes and name != "br":
            opened.append(name)
        elif closes and (not opened or opened.pop() != name):
            return False
    return not opened
